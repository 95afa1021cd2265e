/**
 * HTTPS by a JavaScript engine inside WebAssembly, QuickJS, which is given a random source and a clock. This host moves bytes between it and a
 * TCP connection, and sees ciphertext alone. Needs the packages `quickjs-emscripten-core` and `@jitl/quickjs-wasmfile-release-sync`.
 *
 *     node examples/quickjs.mjs guest.js localhost 8443 ca.pem
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import variant from '@jitl/quickjs-wasmfile-release-sync'
import { newQuickJSWASMModuleFromVariant } from 'quickjs-emscripten-core'

const [script, host, port, ca] = process.argv.slice(2)
const vm = (await newQuickJSWASMModuleFromVariant(variant)).newContext()
const socket = connect(port, host)

give('random', size => buffer(randomBytes(vm.getNumber(size))))
give('now', () => vm.newNumber(Date.now()))
give('send', bytes => void socket.write(vm.getArrayBuffer(bytes).consume(({ value }) => Uint8Array.from(value))))
give('print', text => void process.stdout.write(vm.getString(text)))
vm.unwrapResult(vm.evalCode(readFileSync(script, 'utf8'))).dispose()

socket.on('connect', () => call('open', vm.newString(host), vm.newString(readFileSync(ca, 'utf8'))))
socket.on('data', data => call('receive', buffer(data)))
socket.on('end', () => call('receive', vm.undefined))
socket.on('error', ({ message }) => void process.stderr.write(`${message}\n`, () => process.exit(1)))

function give(name, implementation) {
  vm.newFunction(name, implementation).consume(value => vm.setProp(vm.global, name, value))
}

function call(name, ...args) {
  const [guest, method] = [vm.getProp(vm.global, 'guest'), vm.unwrapResult(vm.evalCode(`guest.${name}`))]
  vm.unwrapResult(vm.callFunction(method, guest, ...args)).dispose()
  for (const handle of [guest, method, ...args]) handle.dispose()
}

function buffer(bytes) {
  return vm.newArrayBuffer(Uint8Array.from(bytes).buffer)
}
