/** What the host sees: the layout of the memory, and for each cipher a call for a whole message and the steps of a long one. */
export { chachaAbsorb, chachaBegin, chachaCrypt, chachaEnd, chachaOpen, chachaSeal, chachaWipe } from './chacha20-poly1305'
export { contexts, contextsAddress, contextSize, gcmAbsorb, gcmBegin, gcmCrypt, gcmEnd, gcmForget, gcmKey, gcmOpen, gcmSeal, gcmWipe } from './gcm'
export { aadAddress, aadCapacity, keyAddress, macKeyAddress, nonceAddress, textAddress, textCapacity } from './memory'
export { hmacSha256 } from './sha256'
