/** Every certificate at hand: those of the shared test data, and some that are minted with all that can be ordered. */
import { readdirSync } from 'node:fs'
import { type Authority, type IssueOptions, mintAuthority } from '../../../src/testing/index.ts'
import { toHex } from '../../../src/wire/bytes.ts'
import { encode, encodeOid, tags } from '../../../src/wire/der.ts'
import { absent, blocks, filesIn, pathOf, pemBlocks, readBytes, readText } from '../conformance/data.ts'

/** The certificates of each collection by what they are called there. The same one is there once. */
export function collections(): Record<string, ReadonlyMap<string, Uint8Array>> {
  if (absent) return {}
  return {
    PKITS: unique(filesIn('pkits/go-nist-pkits/certs', '.crt').map(name => [name, readBytes('pkits/go-nist-pkits/certs', name)])),
    'x509-limbo': unique(limbo()),
    Mozilla: unique(blocks('CERTIFICATE', 'roots', 'mozilla-roots.pem').map((der, i) => [`root ${i}`, der])),
    BoringSSL: unique(boringssl()),
  }
}

interface LimboCase {
  readonly id: string
  readonly peer_certificate: string
  readonly untrusted_intermediates: readonly string[]
  readonly trusted_certs: readonly string[]
}

function limbo(): [string, Uint8Array][] {
  const { testcases } = JSON.parse(readText('x509-limbo/limbo-core.json')) as { testcases: readonly LimboCase[] }
  return testcases.flatMap(({ id, peer_certificate, untrusted_intermediates, trusted_certs }) =>
    [peer_certificate, ...untrusted_intermediates, ...trusted_certs].flatMap((pem, i) =>
      [...pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END/g)].map(([, base64 = '']): [string, Uint8Array] => [
        `${id} ${i}`,
        new Uint8Array(Buffer.from(base64, 'base64')),
      ]),
    ),
  )
}

function boringssl(): [string, Uint8Array][] {
  const files = readdirSync(pathOf('boringssl-pki'), { recursive: true, encoding: 'utf8' })
  const labels = ['CERTIFICATE', 'CA CERTIFICATE', 'CA CERTIFICATE 2']
  return files
    .filter(name => name.endsWith('.pem'))
    .sort()
    .flatMap(name =>
      pemBlocks('boringssl-pki', name)
        .filter(({ label }) => labels.includes(label))
        .map(({ bytes }, i): [string, Uint8Array] => [`${name} ${i}`, bytes]),
    )
}

function unique(named: readonly [string, Uint8Array][]): Map<string, Uint8Array> {
  const seen = new Set<string>()
  return new Map(named.filter(([, der]) => seen.size < seen.add(toHex(der)).size))
}

/** One with each kind of key, and many with all sorts of extensions and names. */
export async function mintedCertificates(): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  const root = await mintAuthority({ subject: { C: 'AQ', O: 'Tassel, Inc.', OU: ['first', 'second'], CN: 'Minted "root" +1' } })
  const named = await root.issueAuthority({ pathLength: 3, ...constraints, ...policies, ...pointers })
  found.set('root', root.certificateDer)
  found.set('constrained', named.certificateDer)
  for (const key of ['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-2048', 'RSA-PSS-2048'] as const) {
    const signer = await mintAuthority({ key, name: `By ${key}` })
    found.set(key, signer.certificateDer)
    found.set(`below ${key}`, (await signer.issue({ names: ['example.com'] })).certificateDer)
  }
  for (const [name, options] of Object.entries(orders)) found.set(name, await issued(named, options))
  return found
}

async function issued(by: Authority, options: IssueOptions): Promise<Uint8Array> {
  return (await by.issue(options)).certificateDer
}

const constraints = {
  nameConstraints: {
    permitted: ['example.com', { ip: '10.0.0.0/8' }, { directory: { C: 'AQ' } }, { email: '.example.com' }, { uri: 'example.com' }],
    excluded: [{ ip: '2001:db8::/32' }],
  },
}
const policies = {
  policies: ['1.3.6.1.4.1.55555.1', '2.5.29.32.0'],
  policyMappings: [['1.3.6.1.4.1.55555.1', '1.3.6.1.4.1.55555.2']] as const,
  policyConstraints: { requireExplicitPolicy: 2, inhibitPolicyMapping: 128 },
  inhibitAnyPolicy: 1000,
}
const pointers = {
  crlDistributionPoints: ['http://crl.example.com/1', { reasons: ['keyCompromise', 'aACompromise'], crlIssuer: { CN: 'elsewhere' } }],
  freshestCrl: ['http://crl.example.com/delta'],
  ocsp: ['http://ocsp.example.com'],
  caIssuers: ['http://ca.example.com/ca.der', 'ldap://ca.example.com/cn=ca'],
} as const

const everyUsage = ['contentCommitment', 'keyEncipherment', 'dataEncipherment', 'keyAgreement', 'cRLSign', 'decipherOnly'] as const

/** A Name with one RelativeDistinguishedName. */
function inOneSet(...attributes: readonly (readonly [type: string, value: string])[]): Uint8Array {
  const encoded = attributes.map(([type, value]) =>
    encode(tags.sequence, encodeOid(type), encode(tags.utf8String, new TextEncoder().encode(value))),
  )
  return encode(tags.sequence, encode(tags.set, ...encoded))
}

/** certificatePolicies with both qualifiers of RFC 5280 §4.2.1.4: where a CPS is, and a user notice with an explicit text. */
const noticed = (() => {
  const text = (tag: number, words: string) => encode(tag, new TextEncoder().encode(words))
  const cps = encode(tags.sequence, encodeOid('1.3.6.1.5.5.7.2.1'), text(tags.ia5String, 'http://example.com/cps'))
  const notice = encode(tags.sequence, encodeOid('1.3.6.1.5.5.7.2.2'), encode(tags.sequence, text(tags.utf8String, 'read this')))
  return encode(tags.sequence, encode(tags.sequence, encodeOid('1.3.6.1.4.1.55555.1'), encode(tags.sequence, cps, notice)))
})()

const orders: Readonly<Record<string, IssueOptions>> = {
  'one name': { names: ['example.com'] },
  'names of every form': {
    names: [
      '*.example.com',
      '192.0.2.7',
      '2001:db8::7',
      { email: 'someone@example.com' },
      { uri: 'spiffe://example.com/service' },
      { directory: { C: 'AQ', CN: 'inside' } },
      { registeredId: '1.3.6.1.4.1.55555.3.999999999' },
      { otherName: { oid: '1.3.6.1.4.1.311.20.2.3', value: Uint8Array.of(0x0c, 2, 0x68, 0x69) } },
    ],
  },
  'no subject': { subject: {}, names: ['example.com'] },
  'a subject of all kinds': {
    subject: {
      C: 'AQ',
      ST: 'Süd',
      L: 'São',
      O: '日本',
      DC: ['example', 'com'],
      UID: 'u1',
      E: 'a@example.com',
      serialNumber: '7',
      CN: ' #odd\\, ',
    },
  },
  'a name in one set': { subject: inOneSet(['2.5.4.3', 'set'], ['2.5.4.11', 'two']), names: ['example.com'] },
  'every usage': { names: ['example.com'], keyUsage: everyUsage, purposes: ['any', 'codeSigning', '1.3.6.1.4.1.55555.4', 'timeStamping'] },
  'encipher only': { names: ['example.com'], keyUsage: ['keyAgreement', 'encipherOnly'] },
  'no usage': { names: ['example.com'], keyUsage: [], purposes: [] },
  'policies and pointers': { names: ['example.com'], policies: ['2.23.140.1.2.1', '0.4.0.2042.1.7'], ...pointers },
  'a policy for people': { names: ['example.com'], extensions: [{ oid: '2.5.29.32', value: noticed }] },
  features: { names: ['example.com'], tlsFeatures: [5, 17], ocspNoCheck: true },
  'serial 1': { names: ['example.com'], serial: 1 },
  'serial of 20 octets': { names: ['example.com'], serial: (1n << 159n) - 1n },
  'far dates': {
    names: ['example.com'],
    notBefore: new Date(Date.UTC(1950, 0, 1)),
    notAfter: new Date(Date.UTC(9999, 11, 31, 23, 59, 59)),
  },
  'years 2049 and 2050': { names: ['example.com'], notBefore: new Date(Date.UTC(2049, 11, 31)), notAfter: new Date(Date.UTC(2050, 0, 1)) },
  'extensions that nobody knows': {
    names: ['example.com'],
    extensions: [
      { oid: '1.3.6.1.4.1.55555.5', critical: true, value: Uint8Array.of(5, 0) },
      { oid: '2.25.999999999', value: Uint8Array.of(1, 1, 0xff) },
    ],
  },
  'no key identifiers': { names: ['example.com'], omit: ['2.5.29.14', '2.5.29.35'] },
}
