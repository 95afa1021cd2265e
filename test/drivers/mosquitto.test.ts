/** MQTT over TLS by `mqtt` to Mosquitto. */
import { beforeAll, expect, it } from 'vitest'
import { describeWith } from '../interop/child.ts'
import { runExample } from './example.ts'
import { mosquitto, startMosquitto } from './mosquitto.ts'
import { certificates, type Files } from './scratch.ts'
import type { Server } from './server.ts'

describeWith(mosquitto, 'Mosquitto, by mqtt', () => {
  let broker: Server
  beforeAll(async () => {
    broker = await startMosquitto()
  })
  const device = (ca: string, { cert, key }: Files) => runExample('mqtt.mjs', [`mqtts://localhost:${broker.port}`, ca, cert, key])

  it('knows a device by its certificate, and gives back what that publishes', async () => {
    const { ca, client } = await certificates()
    expect(await device(ca, client)).toEqual({ code: 0, stdout: 'greenhouse/2/temperature: 21.5\n', stderr: '' })
    await broker.log.said(/New client connected from .* u'tassel'\)/)
  })

  it('is not believed where its authority is another', async () => {
    const { client, stranger } = await certificates()
    expect(await device(stranger.ca, client)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^issuer-unknown: /) })
  })

  it('turns a device away whose certificate is by another authority', async () => {
    const { ca, stranger } = await certificates()
    expect(await device(ca, stranger)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^peer-alert: /) })
  })
})
