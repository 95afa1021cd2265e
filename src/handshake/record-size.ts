/** Bounds of record_size_limit (RFC 8449 §4), the content type included. */
export const leastRecordSize = 64
export const maxRecordSize = 2 ** 14 + 1
