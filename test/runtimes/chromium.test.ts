import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { it, onTestFinished } from 'vitest'
import { Chromium, chromium } from '../browser/chromium.ts'
import { describeWith } from '../interop/child.ts'
import { bundle } from './bundle.ts'
import { expectPassed, versionOf } from './report.ts'

describeWith(chromium, 'Chromium', () => {
  it('passes the suite in a page', async context => {
    const { url, results } = await servePage(await bundle('test/runtimes/entries/page.ts'))
    const browser = new Chromium()
    onTestFinished(() => browser.close())
    await browser.open(url)
    const failed = browser.ended.then(() => Promise.reject(new Error('the browser ended before the page')))
    expectPassed(context, {
      name: 'Chromium, headless',
      version: versionOf(chromium),
      results: JSON.parse(await Promise.race([results, failed])),
    })
  })
})

/** A page with this script, and what it sends back. */
async function servePage(script: string): Promise<{ url: string; results: Promise<string> }> {
  const server = createServer()
  const results = new Promise<string>(resolve => {
    server.on('request', async (request, response) => {
      if (request.method === 'POST') resolve(await text(request))
      const isScript = request.url === '/page.js'
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
      response.end(isScript ? script : '<!doctype html><title>Tassel</title><script type="module" src="/page.js"></script>')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, results }
}
