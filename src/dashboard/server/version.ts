/** The version of noex. A constant, because package.json is missing next to a bundled program. */
export const VERSION = '0.1.0';
