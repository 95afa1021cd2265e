/** Whether a certificate is for a host, as Node.js decides it, and with its words: programs compare both. */
import { isIP, SocketAddress } from 'node:net'
import type { Certificate } from '../../x509/index.ts'
import type { PeerCertificate } from './certificates.ts'
import { type CodedError, coded } from './errors.ts'

export interface IdentityError extends CodedError {
  reason: string
  host: string
  cert: PeerCertificate
}

/**
 * `undefined` where `cert` is for `hostname`, a DNS name or an IP address; or else an error with code `ERR_TLS_CERT_ALTNAME_INVALID`, to be
 * returned or thrown by whoever asks. Where the certificate has no DNS name, its common name counts.
 */
export function checkServerIdentity(hostname: string, cert: PeerCertificate): IdentityError | undefined {
  const host = String(hostname).replace(/\.$/, '')
  const reason = mismatch(host, cert)
  if (reason === undefined) return undefined
  const error = new Error(`Hostname/IP does not match certificate's altnames: ${reason}`)
  return coded(error, 'ERR_TLS_CERT_ALTNAME_INVALID', { reason, host, cert })
}

/**
 * Whether a DNS name of the certificate is `hostname`: what `checkServerIdentity` would find too, without an object of Node.js, which costs more
 * than all the rest of a verification. False leaves the decision to it.
 */
export function hasDnsName(hostname: string, { extensions }: Certificate): boolean {
  const host = hostname.replace(/\.$/, '')
  return isIP(host) === 0 && (extensions.subjectAltName?.dnsNames.some(each => matches(each, host)) ?? false)
}

function mismatch(host: string, { subject, subjectaltname }: PeerCertificate): string | undefined {
  const names = subjectaltname ? altNames(subjectaltname) : []
  const dns = valuesOf(names, 'DNS:')
  if (isIP(host)) {
    const addresses = valuesOf(names, 'IP Address:').map(canonical)
    return addresses.includes(canonical(host)) ? undefined : `IP: ${host} is not in the cert's list: ${addresses.join(', ')}`
  }
  if (dns.length > 0)
    return dns.some(each => matches(each, host)) ? undefined : `Host: ${host}. is not in the cert's altnames: ${subjectaltname}`
  const common = subject?.CN
  if (common === undefined || common.length === 0) return 'Cert does not contain a DNS name'
  return [common].flat().some(each => matches(each, host)) ? undefined : `Host: ${host}. is not cert's CN: ${common}`
}

function valuesOf(names: readonly string[], prefix: string): readonly string[] {
  return names.filter(each => each.startsWith(prefix)).map(each => each.slice(prefix.length))
}

/** `DNS:a, URI:"b, c"`: a value with a separator in it stands as a JSON string. Throws `ERR_TLS_CERT_ALTNAME_FORMAT` for what is neither. */
function altNames(text: string): readonly string[] {
  const names: string[] = []
  const entry = /([^,"]*)("(?:[^"\\]|\\.)*")?([^,"]*)(?:, |$)/y
  while (entry.lastIndex < text.length) {
    const found = entry.exec(text)
    if (!found) throw coded(new Error('the alternative names of the certificate can not be told apart'), 'ERR_TLS_CERT_ALTNAME_FORMAT')
    const [, before = '', quoted, after = ''] = found
    names.push(before + (quoted === undefined ? '' : unquote(quoted)) + after)
  }
  return names
}

function unquote(quoted: string): string {
  try {
    return String(JSON.parse(quoted))
  } catch (cause) {
    throw coded(new Error('an alternative name of the certificate is not written as JSON has it', { cause }), 'ERR_TLS_CERT_ALTNAME_FORMAT')
  }
}

/** Labels without case. One `*` may stand for a part of the first label, if two others follow; never for one of an internationalised name. */
function matches(pattern: string, host: string): boolean {
  const [wanted, asked] = [labelsOf(pattern), labelsOf(host)]
  if (wanted.length !== asked.length || wanted.some(label => !/^[\x21-\x7f]+$/.test(label))) return false
  if (wanted.slice(1).some((label, i) => label !== asked[i + 1])) return false
  const [first = '', actual = ''] = [wanted[0], asked[0]]
  const parts = first.split('*')
  if (parts.length === 1 || first.includes('xn--')) return first === actual
  const [before = '', after = ''] = parts
  if (parts.length > 2 || wanted.length < 3) return false
  return actual.length >= before.length + after.length && actual.startsWith(before) && actual.endsWith(after)
}

/** ASCII alone: other letters have no case here. */
function labelsOf(name: string): readonly string[] {
  return name
    .replace(/\.$/, '')
    .replaceAll(/[A-Z]/g, letter => letter.toLowerCase())
    .split('.')
}

/** One spelling for an address: IPv6 has many. */
function canonical(address: string): string {
  const family = isIP(address)
  if (family === 0) return address
  return new SocketAddress({ address, family: family === 6 ? 'ipv6' : 'ipv4' }).address
}
