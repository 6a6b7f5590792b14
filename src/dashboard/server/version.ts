/** Of noex. A constant and no look into package.json, which is not there beside a program that was bundled. */
export const VERSION = '0.1.0';
