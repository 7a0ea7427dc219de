// What an import and its hash threads say to each other; the memory for the content travels along, there and back.

/** One block: its framing is in place already, the content is to be read. */
export interface UnreadBlock {
  readonly position: number
  readonly contentStart: number
  readonly contentBytes: number
  readonly blockStart: number
  readonly blockBytes: number
}

export interface HashRequest {
  readonly id: number
  readonly descriptor: number
  readonly memory: ArrayBuffer
  readonly blocks: readonly UnreadBlock[]
  readonly withCrc: boolean
}

export interface HashedBlock {
  readonly digest: Uint8Array
  readonly crc: number | undefined
}

export interface HashedBlocks {
  readonly memory: ArrayBuffer
  /** In order; fewer than asked for if the file has ended before. */
  readonly hashed: readonly HashedBlock[]
}

/** Errors lose their codes on the way between threads, so those go beside them. */
export interface ReadError {
  readonly code: string | undefined
  readonly message: string
}

export type HashReply = { readonly id: number } & (HashedBlocks | { readonly error: ReadError })

export type ThreadMessage = 'ready' | HashReply
