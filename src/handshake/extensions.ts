/** Rules about extension blocks that need to know what was asked for. */
import { TlsError } from '../error.ts'
import { type Carrier, decodeExtension, type Extension, encodeExtension } from '../wire/extensions.ts'
import { isReserved } from './grease.ts'
import type { CommonSettings } from './settings.ts'

/** The list that leaves: the caller's shaping, if any, has the last word. */
export function shape<M extends Carrier>(
  settings: CommonSettings,
  message: M,
  extensions: readonly Extension<M>[],
): readonly Extension<M>[] {
  if (!settings.shapeExtensions) return extensions
  const raw = extensions.map(each => ({ type: each.type, data: encodeExtension(message, each) }))
  return settings.shapeExtensions(message, raw).map(({ type, data }) => decodeExtension(message, type, data))
}

/** A response may hold only what was requested (RFC 9846 §4.3). */
export function refuseUnsolicited(
  message: Carrier,
  extensions: readonly { readonly name: string | undefined; readonly type: number }[],
  requested: ReadonlySet<number>,
): void {
  for (const { name, type } of extensions) {
    if (!requested.has(type) || isReserved(type))
      throw new TlsError('unsolicited-extension', `${message} holds extension ${name ?? type}, which was not asked for`)
  }
}

/** The code points of a block. */
export function typesOf(extensions: readonly { readonly type: number }[]): Set<number> {
  return new Set(extensions.map(each => each.type))
}
