/** That of package.json, which is not part of what is built; a test holds them equal. */
export const SERVER_VERSION = '0.1.0';
