/**
 * Writes src/roots/mozilla.ts: Mozilla's trust anchors for TLS servers, from two packages of Debian. `ca-certificates` has the certificates, `libnss3`
 * has Mozilla's list as it is compiled into NSS, and with it what the certificates alone don't tell: whom Mozilla trusts for TLS servers, and
 * until when. An anchor is what both have.
 *
 *   node scripts/roots.mjs [--suite sid]    from the newest packages of the suite
 *   node scripts/roots.mjs --check          compares the file with what the packages that it names give
 *     --offline                             only with packages that .peers/roots has from an earlier run
 *
 * The same packages give the same octets. Exit status: 0 all is well; 1 the file is not what it would be; 3 the packages can't be had. Needs apt,
 * dpkg-deb and the keys of Debian's archive.
 */
import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { builtinCertificates, builtinVersion } from './roots/builtins.mjs'
import { anchorFields, attributeTypes, commonName, keyParts, permittedDomains, stringTypes, subjectText } from './roots/certificate.mjs'
import { changelogDate, packages, Unavailable, unpacked } from './roots/debian.mjs'

/**
 * Name constraints that are in the code of NSS, since the certificates lack them, and not in its list. NSS writes `.tr`; RFC 5280 §4.2.1.10 has no
 * leading period in DNS names, and means all below `tr` by `tr`. NSS's other entry, IGC/A of ANSSI, is for a root that has left the list.
 */
const imposed = {
  // NSS, lib/certdb/genname.c, TUBITAK1_NAME_CONSTRAINTS
  'C=TR;L=Gebze - Kocaeli;O=Turkiye Bilimsel ve Teknolojik Arastirma Kurumu - TUBITAK;OU=Kamu Sertifikasyon Merkezi - Kamu SM;CN=TUBITAK Kamu SM SSL Kok Sertifikasi - Surum 1':
    ['tr'],
}

const root = fileURLToPath(new URL('..', import.meta.url))
const target = join(root, 'src/roots/mozilla.ts')
const { values: options } = parseArgs({
  options: { suite: { type: 'string', default: 'sid' }, check: { type: 'boolean' }, offline: { type: 'boolean' } },
})

try {
  process.exitCode = options.check ? check() : write()
} catch (error) {
  if (!(error instanceof Unavailable)) throw error
  console.error(`roots: ${error.message}`)
  process.exitCode = 3
}

function write() {
  const { text, summary } = generate([{ name: 'ca-certificates' }, { name: 'libnss3' }])
  writeFileSync(target, text)
  console.log(summary)
  return 0
}

function check() {
  const present = readFileSync(target, 'utf8')
  const named = [...present.matchAll(/^ \* {3}(\S+) (\S+) of/gm)].map(([, name, version]) => ({ name, version }))
  const { text, summary } = generate(named)
  console.log(summary)
  if (text === present) return 0
  console.error('roots: src/roots/mozilla.ts is not what its packages give: node scripts/roots.mjs')
  return 1
}

function generate(wanted) {
  const [certificates, nss] = packages(wanted, { ...options, folder: join(root, '.peers/roots') })
  const list = unpacked(nss, folder => {
    const library = readFileSync(join(folder, 'usr/lib/x86_64-linux-gnu/libnssckbi.so'))
    return { trusted: builtinCertificates(library), list: builtinVersion(library), date: changelogDate(folder, 'libnss3') }
  })
  const bundle = unpacked(certificates, folder => ({ roots: readBundle(folder), date: changelogDate(folder, 'ca-certificates') }))
  const { anchors, leftOut } = choose(bundle, list)
  const text = page({ certificates: { ...certificates, ...bundle }, nss: { ...nss, ...list }, anchors, leftOut })
  return { text, summary: `${anchors.length} anchors of ca-certificates ${certificates.version}, NSS's list ${list.list}` }
}

function readBundle(folder) {
  const from = join(folder, 'usr/share/ca-certificates/mozilla')
  return readdirSync(from).map(name => ({
    name: name.replace(/\.crt$/, ''),
    certificate: new X509Certificate(readFileSync(join(from, name))),
  }))
}

/** Both packages come from the same list, at different times: a root that one of them lacks has left it, or is not in it yet. */
function choose({ roots, date }, { trusted }) {
  const byDer = new Map(trusted.filter(each => each.trusted).map(each => [each.der.toString('hex'), each]))
  const anchors = []
  const leftOut = []
  for (const { name, certificate } of roots) {
    const known = byDer.get(certificate.raw.toString('hex'))
    if (known && Date.parse(certificate.validTo) > Date.parse(date)) anchors.push(anchor(known))
    else leftOut.push(`${name}: ${known ? 'expired' : "not in NSS's list"}`)
    byDer.delete(certificate.raw.toString('hex'))
  }
  for (const { label } of byDer.values()) leftOut.push(`${label}: not in ca-certificates`)
  const unused = Object.keys(imposed).filter(subject => !anchors.some(each => each.subject === subject))
  if (unused.length > 0) throw new Error(`constraints for roots that are not there: ${unused.join(', ')}`)
  return { anchors: anchors.sort(byText), leftOut: leftOut.sort() }
}

function anchor({ der, label, distrustAfter }) {
  const fields = anchorFields(der)
  const subject = subjectText(fields.subject)
  const constraints = fields.nameConstraints ?? (imposed[subject] && permittedDomains(imposed[subject]))
  return { label, subject, key: keyParts(fields.publicKey), constraints, distrustAfter }
}

function byText(a, b) {
  return line(a) < line(b) ? -1 : 1
}

function line({ label, subject, key, constraints, distrustAfter }) {
  if (/[|\n\\]/.test(label)) throw new Error(`a label that needs another notation: ${label}`)
  const fields = [subject, label === commonName(subject) ? '' : label, key.shape, key.key.toString('base64')]
  if (distrustAfter !== undefined) fields.push(`distrustAfter=${new Date(distrustAfter).toISOString().replace('.000', '')}`)
  if (constraints) fields.push(`nameConstraints=${constraints.toString('base64')}`)
  return fields.join('|')
}

function page({ certificates, nss, anchors, leftOut }) {
  const shapes = new Map(anchors.map(({ key }) => [key.shape, key]))
  for (const { key } of anchors) {
    const { before, after } = shapes.get(key.shape)
    if (!before.equals(key.before) || !after.equals(key.after))
      throw new Error(`two keys of shape ${key.shape} have not got the same shape`)
  }
  const shapeLines = [...shapes.values()]
    .sort((a, b) => (a.shape < b.shape ? -1 : 1))
    .map(({ shape, before, after }) => `  ${shape}: [${quote(before.toString('base64'))}, ${quote(after.toString('base64'))}],`)
  return `/**
 * Mozilla's trust anchors for TLS servers. Made by scripts/roots.mjs; not to be edited. From Debian's packages
 *   ${certificates.name} ${certificates.version} of ${certificates.date} (SHA-256 ${certificates.sha256})
 *   ${nss.name} ${nss.version} of ${nss.date} (SHA-256 ${nss.sha256}), NSS's list ${nss.list}
 * The data is Mozilla's, copyright Mozilla Contributors: This Source Code Form is subject to the terms of the Mozilla Public License, v. 2.0. If a
 * copy of the MPL was not distributed with this file, You can obtain one at https://mozilla.org/MPL/2.0/.
${leftOut.length === 0 ? '' : ` * In one of the packages, and left out:\n${leftOut.map(each => ` *   ${each}\n`).join('')}`} */

export const version = ${quote(certificates.version)}
export const date = ${quote(certificates.date)}
export const source = ${quote(`ca-certificates ${certificates.version} of Debian, limits of the list in NSS, ${nss.list}`)}

/** Short names of attribute types. */
export const attributeTypes: Readonly<Record<string, string>> = {
${Object.entries(attributeTypes)
  .map(([name, oid]) => `  ${name}: ${quote(oid)},`)
  .join('\n')}
}

/** What stands between type and value: the tag of the value. */
export const stringTypes: Readonly<Record<string, number>> = {
${Object.entries(stringTypes)
  .map(([sign, tag]) => `  ${quote(sign)}: 0x${tag.toString(16).padStart(2, '0')},`)
  .join('\n')}
}

/** What stands before and behind the modulus or the point in a SubjectPublicKeyInfo. */
export const keyShapes: Readonly<Record<string, readonly [before: string, behind: string]>> = {
${shapeLines.join('\n')}
}

/** Subject, label where it is not the common name, shape of the key, modulus or point; then what limits the anchor. */
export const anchors: readonly string[] = [
${anchors.map(each => `  ${quote(line(each))},`).join('\n')}
]
`
}

/** As the formatter would have it. */
function quote(text) {
  return text.includes("'") ? JSON.stringify(text) : `'${text}'`
}
