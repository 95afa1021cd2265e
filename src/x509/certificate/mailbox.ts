/** Domains and e-mail addresses, as certificates have them. */

/** Labels of letters, digits, hyphens within, and underscores, which are common in private names. */
export function isDomain(text: string): boolean {
  return text.length <= 253 && /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/i.test(text)
}

/** Quoted local parts, which hardly anyone has, are not read. */
export function splitMailbox(address: string): { readonly local: string; readonly host: string } | undefined {
  if (address.length > longestAddress) return undefined
  const [, local, host] = /^([\w.!#$%&'*+/=?^`{|}~-]+)@([^@]+)$/.exec(address) ?? []
  return local === undefined || host === undefined || !isDomain(host) ? undefined : { local, host: host.toLowerCase() }
}

/** RFC 5321 §4.5.3.1: 64 octets, @, 255 octets. */
const longestAddress = 320
