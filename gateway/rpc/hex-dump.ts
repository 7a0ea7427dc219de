// Bytes as Go's hex.Dump writes them: offset, sixteen bytes in two halves, and what of them is ASCII.

const WIDTH = 16

export function hexDump(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.byteLength; at += WIDTH) {
    const row = bytes.subarray(at, at + WIDTH)
    const hex = Array.from({ length: WIDTH }, (_, index) => {
      const byte = row[index]
      const gap = index === WIDTH / 2 - 1 || index === WIDTH - 1 ? '  ' : ' '
      return (byte === undefined ? '  ' : byte.toString(16).padStart(2, '0')) + gap
    })
    const ascii = Array.from(row, byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'))
    text += `${at.toString(16).padStart(8, '0')}  ${hex.join('')}|${ascii.join('')}|\n`
  }
  return text
}
