/** What records carry, and how long they are (RFC 9846 §5.1, §5.2). */

/** ContentType code points. */
export const contentType = {
  change_cipher_spec: 20,
  alert: 21,
  handshake: 22,
  application_data: 23,
} as const

/** Content type, legacy version, length. */
export const headerSize = 5
/** The longest fragment, in bytes; under protection with its padding. */
export const maxPlaintext = 2 ** 14
/** The longest protected record's body: the longest fragment, its content type, and 255 bytes that an AEAD may add. */
export const maxCiphertext = maxPlaintext + 256
