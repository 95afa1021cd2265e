/**
 * Sends a mail by STARTTLS. Nothing here is of Tassel: nodemailer knows no other TLS than `node:tls`, and the module that is loaded before
 * it has put Tassel in that place. Needs the package `nodemailer`.
 *
 *     node --import ./examples/instead-of-node-tls.mjs examples/smtp.mjs localhost:587 ca.pem alice@example.com bob@example.com
 */
import { readFileSync } from 'node:fs'
import { createTransport } from 'nodemailer'

const [address, ca, from, to] = process.argv.slice(2)
const { hostname: host, port } = new URL(`smtp://${address}`)
const transport = createTransport({ host, port: Number(port || 587), secure: false, requireTLS: true, tls: { ca: readFileSync(ca) } })
try {
  const { response } = await transport.sendMail({ from, to, subject: 'By way of Tassel', text: 'Nobody in between has read this.' })
  console.log(response)
} catch (error) {
  console.error(`${error.code}: ${error.message}`)
  process.exitCode = 1
}
transport.close()
