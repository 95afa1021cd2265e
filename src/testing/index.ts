/** Certificates for tests, examples and the command line. */
export * from './certificates.ts'
