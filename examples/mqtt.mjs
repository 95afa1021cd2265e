/**
 * A device and its broker: proves itself by a certificate, subscribes, publishes, and prints what comes back. Needs the package `mqtt`.
 *
 *     node examples/mqtt.mjs mqtts://localhost:8883 ca.pem device.pem device.key
 */
import { readFileSync } from 'node:fs'
import { MqttClient } from 'mqtt'
import { connectTls, createNodeProvider } from 'tassel/node'
import { createTrustStore, loadIdentity } from 'tassel/x509'

const [url, ca, cert, key] = process.argv.slice(2)
const { hostname: host, port } = new URL(url)
const crypto = createNodeProvider()
const trust = createTrustStore({ roots: [readFileSync(ca, 'utf8')], crypto })
const identity = loadIdentity({ cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8'), crypto })

// Called again for each reconnection.
const client = new MqttClient(() => connectTls({ host, port: Number(port || 8883), trust, identity }), { reconnectPeriod: 0 })

client.on('connect', async () => {
  await client.subscribeAsync('greenhouse/+/temperature', { qos: 1 })
  await client.publishAsync('greenhouse/2/temperature', '21.5', { qos: 1 })
})
client.on('message', (topic, payload) => {
  console.log(`${topic}: ${payload}`)
  client.end()
})
client.on('error', error => {
  console.error(`${error.code}: ${error.message}`)
  process.exitCode = 1
})
