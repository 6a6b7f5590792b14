/** The version of noex. It is a constant, because a bundled program has no package.json of noex to read. */
export const VERSION = '0.1.0';
