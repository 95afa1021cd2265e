/**
 * Mozilla's list as NSS has it compiled in: `libnssckbi.so`, which is `certdata.txt` turned into tables in C. They are read as data from the
 * file (ELF, 64 bits, little endian); none of its code runs. certdata.txt itself is only in the source packages, which an archive
 * does not always offer.
 */

/** PKCS#11's numbers, and NSS's own, which begin at 0xCE534350. */
const attributes = { class: 0x0, label: 0x3, value: 0x11, issuer: 0x81, serial: 0x82, distrustAfter: 0xce534373, serverTrust: 0xce536358 }
const classes = { certificate: 0x1, trust: 0xce534353 }
const trustedToDelegate = 0xce534352

/**
 * The certificates of the list: `{ der, label, trusted, distrustAfter }`. `trusted` says whether for TLS servers, `distrustAfter` is milliseconds
 * since 1970 or undefined.
 */
export function builtinCertificates(library) {
  const objects = builtinObjects(library)
  const ofClass = number => objects.filter(object => number32(object.get(attributes.class)) === number)
  const trust = new Map(ofClass(classes.trust).map(object => [issue(object), number32(object.get(attributes.serverTrust))]))
  const certificates = ofClass(classes.certificate).map(object => ({
    der: object.get(attributes.value),
    label: text(object.get(attributes.label)),
    trusted: trust.get(issue(object)) === trustedToDelegate,
    distrustAfter: utcTime(object.get(attributes.distrustAfter)),
  }))
  if (!certificates.some(({ trusted }) => trusted)) throw new Error('libnssckbi.so has no trusted certificate: its layout is not as it was')
  return certificates
}

/** `2.92`. */
export function builtinVersion(library) {
  const [, version] = /NSS Builtin Trusted Root CAs (\d+\.\d+)\0/.exec(library.toString('latin1')) ?? []
  if (!version) throw new Error('libnssckbi.so does not tell its version')
  return version
}

/** A certificate and what is said of its trust are two objects with the same issuer and serial number. */
function issue(object) {
  return `${object.get(attributes.issuer).toString('hex')} ${object.get(attributes.serial).toString('hex')}`
}

/**
 * The objects as maps of attributes. Each is a record of a count, a pointer to so many types and a pointer to so many items, which are a
 * pointer and a length. The table of the records has no name in the file; but its pointers are known from the relocations, and an object's first
 * attribute is its class, whose number is 0, and the second whether it is a token's, 1.
 */
function builtinObjects(library) {
  const { at, pointers } = image(library)
  const objects = []
  for (const [where, typesAddress] of pointers) {
    const itemsAddress = pointers.get(where + 8)
    const count = itemsAddress === undefined ? 0 : number64(library, where - 8)
    const [types, items] = [at(typesAddress), at(itemsAddress)]
    if (types === undefined || items === undefined || count < 2 || count > 64) continue
    if (number64(library, types) !== attributes.class || number64(library, types + 8) !== 1) continue
    const entries = Array.from({ length: count }, (_, i) => {
      const from = at(pointers.get(items + 16 * i))
      return [number64(library, types + 8 * i), library.subarray(from, from + number64(library, items + 16 * i + 8))]
    })
    objects.push(new Map(entries))
  }
  return objects
}

/** Where addresses are in the file, and which words of the file are pointers, by their position. */
function image(library) {
  if (library.readUInt32BE(0) !== 0x7f454c46 || library[4] !== 2 || library[5] !== 1)
    throw new Error('libnssckbi.so is no ELF file of 64 bits')
  const headers = Array.from({ length: library.readUInt16LE(56) }, (_, i) => {
    const header = number64(library, 32) + i * library.readUInt16LE(54)
    const [offset, address, size] = [8, 16, 32].map(field => number64(library, header + field))
    return { type: library.readUInt32LE(header), offset, address, size }
  })
  const at = address => {
    const segment = headers.find(({ type, address: from, size }) => type === 1 && address >= from && address < from + size)
    return segment && address - segment.address + segment.offset
  }
  const dynamic = headers.find(({ type }) => type === 2)
  if (!dynamic) throw new Error('libnssckbi.so is not linked dynamically')
  return { at, pointers: pointersOf(library, at, dynamic.offset) }
}

/** From the table of relocations: those that only add where the library was loaded (R_X86_64_RELATIVE). */
function pointersOf(library, at, dynamic) {
  const entries = new Map()
  for (let entry = dynamic; number64(library, entry) !== 0; entry += 16) entries.set(number64(library, entry), number64(library, entry + 8))
  const [table, size] = [at(entries.get(7)), entries.get(8)]
  if (table === undefined || size === undefined) throw new Error('libnssckbi.so has no table of relocations')
  const pointers = new Map()
  for (let entry = table; entry < table + size; entry += 24) {
    if (number64(library, entry + 8) === 8) pointers.set(at(number64(library, entry)), number64(library, entry + 16))
  }
  return pointers
}

function number64(bytes, at) {
  return Number(bytes.readBigUInt64LE(at))
}

/** A CK_ULONG. */
function number32(bytes) {
  return bytes.readUInt32LE(0)
}

/** A string in C, with the 0 behind it. */
function text(bytes) {
  return bytes.subarray(0, bytes.indexOf(0)).toString('utf8')
}

/** YYMMDDHHMMSSZ, or a single octet for no date. */
function utcTime(bytes) {
  if (bytes === undefined || bytes.length === 1) return undefined
  const [, ...parts] = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(bytes.toString('latin1')) ?? []
  if (parts.length === 0) throw new Error(`a date of distrust that is none: ${bytes.toString('hex')}`)
  const [year, month, day, hour, minute, second] = parts.map(Number)
  return Date.UTC(2000 + year, month - 1, day, hour, minute, second)
}
