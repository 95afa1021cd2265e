/**
 * What BoringSSL's tests expect of the files in name_constraints_unittest: for each set of constraints the names that are within, and those
 * that are not.
 */

/** Names by the constraints that they are held against, which are files without their ending. */
export type Expectations = Readonly<Record<string, { readonly within: readonly string[]; readonly outside: readonly string[] }>>

/** DNS names. */
export const dnsExpectations: Expectations = {
  dnsname: {
    within: [
      'permitted.example.com',
      'permitted.example.com.',
      'a.permitted.example.com',
      'alsopermitted.example.com',
      '*.foo.permitted.example.com',
      '*.alsopermitted.example.com',
      // Not a wildcard, just a strange name.
      '*xcluded.permitted.example.com',
      'exclude*.permitted.example.com',
      'excl*ded.permitted.example.com',
      'permitted.example3.com',
      'permitted.example3.com.',
      'a.permitted.example3.com',
      'a.permitted.example3.com.',
    ],
    outside: [
      'apermitted.example.com',
      'apermitted.example.com.',
      'excluded.permitted.example.com',
      'a.excluded.permitted.example.com',
      'stillnotpermitted.excluded.permitted.example.com',
      'a.stillnotpermitted.excluded.permitted.example.com',
      'extraneousexclusion.example.com',
      'a.extraneousexclusion.example.com',
      'other.example.com',
      'other.com',
      // One of the names that it stands for is excluded, or not permitted.
      '*.permitted.example.com',
      '*.excluded.permitted.example.com',
      '*.example2.com',
      '*.',
      '*.*',
      '.*',
      '*',
    ],
  },
  dnsname2: {
    within: ['com', 'bar.com', 'baz.bar.com', '*.baz.bar.com', '*.com'],
    outside: ['foo.bar.com', 'baz.foo.bar.com', '*.bar.com', '*.foo.bar.com'],
  },
  'dnsname-permitted_with_leading_dot': { within: ['foo.bar.com', '*.bar.com'], outside: ['com', 'bar.com', 'foobar.com'] },
  'dnsname-excluded_with_leading_dot': { within: ['com', 'bar.com', 'foobar.com'], outside: ['foo.bar.com', '*.bar.com'] },
  'dnsname-permitted_two_dot': { within: [], outside: ['com', 'com.', 'foo.com', '*.com'] },
  'dnsname-excluded': {
    within: ['', 'foo.com', 'permitted.example.com'],
    outside: ['excluded.permitted.example.com', 'a.excluded.permitted.example.com'],
  },
  'dnsname-excludeall': { within: [], outside: ['', 'foo.com', 'permitted.example.com', 'foo.permitted.example.com'] },
  'dnsname-exclude_dot': { within: ['permitted.example.com', 'foo.permitted.example.com'], outside: ['foo.com'] },
}

/** Directory names, which are files too. */
export const directoryExpectations: Expectations = {
  directoryname: {
    within: ['name-us', 'name-us-arizona', 'name-jp-tokyo'],
    outside: ['name-ca', 'name-us-california', 'name-us-california-mountain_view', 'name-de', 'name-jp'],
  },
  'directoryname-excluded': { within: ['name-empty', 'name-us'], outside: ['name-us-california', 'name-us-california-mountain_view'] },
  'directoryname-excludeall': { within: [], outside: ['name-empty', 'name-us', 'name-us-california', 'name-jp'] },
}

/** Subjects, as files: what is in the common name is no DNS name and no IP address, an emailAddress is an e-mail address. */
export const subjectExpectations: Expectations = {
  directoryname: {
    within: ['name-us', 'name-us-arizona-email', 'name-us-arizona-email-invalidstring'],
    outside: ['name-us-california'],
  },
  'rfc822name-permitted-hostname': {
    within: ['name-us-arizona-email', 'name-us-arizona-email-multiple'],
    outside: ['name-us-arizona-email-invalidstring'],
  },
  'rfc822name-permitted': {
    within: [],
    outside: ['name-us-arizona-email', 'name-us-arizona-email-localpartcase', 'name-us-arizona-email-multiple'],
  },
  'rfc822name-excluded': {
    within: ['name-us-arizona-email'],
    outside: ['name-us-arizona-email-localpartcase', 'name-us-arizona-email-multiple'],
  },
  directoryname_and_dnsname: {
    within: ['name-us-arizona-foo.com', 'name-us-arizona-permitted.example.com'],
    outside: ['name-us-california-permitted.example.com'],
  },
  directoryname_and_dnsname_and_ipaddress: {
    within: ['name-us-arizona-1.1.1.1', 'name-us-arizona-192.168.1.1', 'name-us-arizona-ipv6'],
    outside: ['name-us-california-192.168.1.1'],
  },
}

/** IP addresses in hexadecimal. */
export const addressExpectations: Expectations = {
  ipaddress: {
    within: [
      'c0a80001',
      'c0a70520',
      'c0a7053f',
      `${'0102030405060708090a0b0c'}00000001`,
      '0102030405060708090a0b0b05200000',
      '0102030405060708090a0b0b053fffff',
    ],
    outside: [
      'c0a90001',
      'c0a80501',
      'c0a80521',
      'c0a7051f',
      'c0a70540',
      'c0a60520',
      '0102030405060708090a0b0d00000001',
      '0102030405060708090a0b0c05000001',
      '0102030405060708090a0b0c05210001',
      '0102030405060708090a0b0b051fffff',
      '0102030405060708090a0b0b05400000',
      '0102030405060708090a0b0a05210001',
    ],
  },
  'ipaddress-excluded': { within: ['c0a80001', '0102030405060708090a0b0d00000001'], outside: ['c0a80501'] },
  'ipaddress-excludeall': {
    within: [],
    outside: ['c0a80001', '01010101', '02010101010101010101010101010101', '0102030405060708090a0b0d00000001'],
  },
  'ipaddress-permit_singlehost': { within: ['c0a80103'], outside: ['00000000', 'c0a80101', 'c0a80102', 'c0a80104', 'ffffffff'] },
  'ipaddress-permit_prefix31': { within: ['c0a80102', 'c0a80103'], outside: ['00000000', 'c0a80101', 'c0a80104', 'c0a80105', 'ffffffff'] },
  'ipaddress-permit_prefix1': { within: ['80000000', 'ffffffff'], outside: ['00000000', '7fffffff'] },
  'ipaddress-permit_all': { within: ['00000000', 'c0a80101', 'ffffffff'], outside: [] },
  // IPv4 addresses and their form in IPv6 are different addresses.
  'ipaddress-mapped_addrs': {
    within: ['c0a80100', 'c0a80102', '00000000000000000000ffffc0a80200', '00000000000000000000ffffc0a80202'],
    outside: ['00000000000000000000ffffc0a80100', 'c0a80101', 'c0a80200', '00000000000000000000ffffc0a80201'],
  },
}

const mixed = ['san-permitted', 'san-excluded-dnsname', 'san-excluded-directoryname', 'san-excluded-ipaddress']
const malformedMailboxes = ['san-rfc822name-no-at', 'san-rfc822name-two-ats']
const mailboxes = ['san-rfc822name', 'san-rfc822name-domaincase', 'san-rfc822name-localpartcase', 'san-rfc822name-subdomain']
const subdomains = ['san-rfc822name-subdomain', 'san-rfc822name-subdomaincase']
const malformedSubdomains = ['san-rfc822name-subdomain-no-at', 'san-rfc822name-subdomain-two-ats']

/** Whole subjectAltName extensions, as files; the extension with the constraints is critical. */
export const altNameExpectations: Expectations = {
  dnsname: { within: mixed.filter(name => name !== 'san-excluded-dnsname'), outside: ['san-excluded-dnsname'] },
  directoryname: { within: mixed.filter(name => name !== 'san-excluded-directoryname'), outside: ['san-excluded-directoryname'] },
  ipaddress: { within: mixed.filter(name => name !== 'san-excluded-ipaddress'), outside: ['san-excluded-ipaddress'] },
  'rfc822name-permitted': {
    within: ['san-rfc822name', 'san-rfc822name-domaincase'],
    outside: [
      'san-rfc822name-localpartcase',
      'san-rfc822name-subdomain',
      ...malformedMailboxes,
      'san-rfc822name-quoted',
      'san-rfc822name-ipv4',
      'san-rfc822name-multiple',
    ],
  },
  'rfc822name-excluded': {
    within: ['san-rfc822name-localpartcase', 'san-rfc822name-subdomain'],
    outside: ['san-rfc822name', 'san-rfc822name-domaincase', ...malformedMailboxes, 'san-rfc822name-ipv4'],
  },
  'rfc822name-permitted-hostname': {
    within: ['san-rfc822name', 'san-rfc822name-domaincase', 'san-rfc822name-localpartcase', 'san-rfc822name-multiple'],
    outside: ['san-rfc822name-subdomain', ...malformedMailboxes, 'san-rfc822name-empty-localpart', 'san-rfc822name-quoted'],
  },
  'rfc822name-excluded-hostname': {
    within: ['san-rfc822name-subdomain'],
    outside: [
      'san-rfc822name',
      'san-rfc822name-domaincase',
      'san-rfc822name-localpartcase',
      ...malformedMailboxes,
      'san-rfc822name-empty-localpart',
    ],
  },
  // Constraints that are no mailbox, host or domain let nothing through.
  'rfc822name-permitted-hostnamewithat': { within: [], outside: [...mailboxes, ...malformedMailboxes, 'san-rfc822name-empty-localpart'] },
  'rfc822name-excluded-hostnamewithat': { within: [], outside: [...mailboxes, ...malformedMailboxes, 'san-rfc822name-empty-localpart'] },
  'rfc822name-permitted-subdomains': { within: subdomains, outside: ['san-rfc822name', ...malformedSubdomains] },
  'rfc822name-excluded-subdomains': { within: ['san-rfc822name'], outside: [...subdomains, ...malformedSubdomains] },
  'rfc822name-permitted-empty': { within: [], outside: ['san-rfc822name', 'san-rfc822name-empty'] },
  'rfc822name-excluded-empty': { within: [], outside: ['san-rfc822name', 'san-rfc822name-empty'] },
  'rfc822name-permitted-ipv4': { within: [], outside: ['san-rfc822name', 'san-rfc822name-empty', 'san-rfc822name-ipv4'] },
  'rfc822name-excluded-ipv4': { within: [], outside: ['san-rfc822name', 'san-rfc822name-empty', 'san-rfc822name-ipv4'] },
  'rfc822name-permitted-quoted': { within: [], outside: ['san-rfc822name-quoted'] },
  'rfc822name-excluded-quoted': { within: [], outside: ['san-rfc822name-subdomain'] },
  // A name that can't be read does no harm where its type is free.
  'othername-excluded': { within: ['san-rfc822name-quoted'], outside: ['san-othername'] },
  // Types that BoringSSL does not compare.
  'othername-permitted': { within: [], outside: ['san-othername'] },
  'x400address-permitted': { within: [], outside: ['san-x400address'] },
  'x400address-excluded': { within: [], outside: ['san-x400address'] },
  'edipartyname-permitted': { within: [], outside: ['san-edipartyname'] },
  'edipartyname-excluded': { within: [], outside: ['san-edipartyname'] },
  'uri-permitted': { within: [], outside: ['san-uri'] },
  'uri-excluded': { within: [], outside: ['san-uri'] },
  'registeredid-permitted': { within: [], outside: ['san-registeredid'] },
  'registeredid-excluded': { within: [], outside: ['san-registeredid'] },
}

/** Extensions that can't be read. */
export const malformedConstraints: readonly string[] = [
  'invalid-no_subtrees',
  'invalid-empty_permitted_subtree',
  'invalid-empty_excluded_subtree',
  'dnsname-with_min_0',
  'dnsname-with_min_1',
  'dnsname-with_min_0_and_max',
  'dnsname-with_min_1_and_max',
  'dnsname-with_max',
  'ipaddress-invalid_addr',
  'ipaddress-invalid_mask_not_contiguous_1',
  'ipaddress-invalid_mask_not_contiguous_2',
  'ipaddress-invalid_mask_not_contiguous_3',
  'ipaddress-invalid_mask_not_contiguous_4',
]
