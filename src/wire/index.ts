/** The wire format of TLS 1.3: descriptions, decoder, encoder, annotated ranges. */
export * from './bytes.ts'
export * from './codec.ts'
export * from './error.ts'
export * from './extensions.ts'
export * from './messages.ts'
