// Whether SQLite's WAL and POSIX locks work where the repository lies: not on network file systems (spec: store §2.5).

import { readFileSync, realpathSync, statfsSync } from 'node:fs'
import { CairnError } from '../../errors.ts'

/** Magic numbers of statfs(2) on Linux. */
const NETWORK_MAGIC = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9p'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
])
const FUSE_MAGIC = 0x65735546
/** FUSE also carries local disks (NTFS, exFAT): only these are known to be elsewhere. */
const NETWORK_FUSE = /^fuse\.(sshfs|s3fs|rclone|gcsfuse|glusterfs|curlftpfs|davfs2?|goofys|cephfs)$/

/** What kind of network file system this is; undefined for a local one. */
export function networkFilesystem(magic: number, mountType: () => string): string | undefined {
  if (magic === FUSE_MAGIC) {
    const type = mountType()
    return NETWORK_FUSE.test(type) ? type : undefined
  }
  return NETWORK_MAGIC.get(magic >>> 0)
}

/** REPO_UNSUITABLE if `folder` lies on a network file system. */
export function checkFilesystem(folder: string): void {
  if (process.platform !== 'linux') return
  const kind = networkFilesystem(Number(statfsSync(folder).type), () => mountTypeOf(folder, readMounts()))
  if (kind === undefined) return
  throw new CairnError(
    'REPO_UNSUITABLE',
    `${folder} lies on a network file system (${kind}), where locks cannot be trusted`,
  )
}

const readMounts = (): string => readFileSync('/proc/self/mountinfo', 'utf8')

/** The type of the innermost mount that holds `folder`, from the text of /proc/self/mountinfo. */
export function mountTypeOf(folder: string, mountinfo: string): string {
  const path = `${realpathSync(folder)}/`
  let best = { length: -1, type: '' }
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const point = (before.split(' ')[4] ?? '').replaceAll('\\040', ' ')
    const inside = path.startsWith(point.endsWith('/') ? point : `${point}/`)
    if (point !== '' && inside && point.length >= best.length)
      best = { length: point.length, type: after.split(' ')[0] ?? '' }
  }
  return best.type
}
