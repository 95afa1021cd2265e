/**
 * Confidential computing, by the pattern called RA-TLS: the server's certificate vouches for itself, and holds evidence about its key. The
 * client judges that at the question `peer-certificate`: no byte of the secret leaves before. The evidence here is 32 bytes of measurement
 * of a program, the SHA-256 of the certificate's public key, and an Ed25519 signature over both by the maker of the hardware, in an OCTET
 * STRING. A quote of SGX, TDX or SEV-SNP says the same three things in a form of its own: only `judge` changes.
 *
 *     echo secret | node examples/attestation.ts localhost:8443 maker.pem MEASUREMENT
 */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connectTls, TlsError } from 'tassel/node'
import { acceptWithoutVerification, extensionValue, parseCertificate } from 'tassel/x509'

const [address = '', maker = '', measurement = ''] = process.argv.slice(2)
const { hostname: host, port } = new URL(`tls://${address}`)
const makerKey = createPublicKey(readFileSync(maker))

function judge([leaf = new Uint8Array()]: readonly Uint8Array[]): void {
  const certificate = parseCertificate(leaf)
  // Behind the three bytes that begin the OCTET STRING.
  const evidence = extensionValue(certificate, '1.3.6.1.4.1.32473.1')?.subarray(3)
  if (evidence?.length !== 128) throw new TlsError('refused', 'no evidence')
  const [program, keyHash, signature] = [evidence.subarray(0, 32), evidence.subarray(32, 64), evidence.subarray(64)]
  if (!verify(null, evidence.subarray(0, 64), makerKey, signature)) throw new TlsError('refused', 'evidence by another maker')
  if (Buffer.from(program).toString('hex') !== measurement) throw new TlsError('refused', 'evidence of another program')
  const hash = createHash('sha256').update(certificate.publicKey.raw).digest()
  if (!hash.equals(keyHash)) throw new TlsError('refused', 'evidence for another key')
}

const stream = connectTls({
  ...{ host, port: Number(port), identity: null },
  onQuestion(question) {
    if (question.type !== 'peer-certificate') return question.refuse()
    judge(question.chain)
    question.answer(acceptWithoutVerification(question.chain))
  },
})
stream.on('error', error => console.error(error.message)).on('error', () => (process.exitCode = 1))
stream.once('secureConnect', () => process.stdin.pipe(stream).pipe(process.stdout))
