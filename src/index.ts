// The public API of Cairn as a library: open a node, and the types that it speaks.

export type * from './api.ts'
export { parseCid } from './block/cid.ts'
export type { BlockSink, BlockSource, BorrowedBlock, NewBlock } from './block/source.ts'
export type { Config } from './config/schema.ts'
export { CairnError, ERRORS, type ErrorCode, isCairnError } from './errors.ts'
export { type LocalNode, type OpenNodeOptions, openNode } from './node/open.ts'
export { createLogger, type Logger, SILENT } from './observe/log.ts'
export { VERSION } from './version.ts'
