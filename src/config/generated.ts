// Generated from schema.ts by `npm run docs`: every config key as plain data, so that commands need not load zod.

import type { ConfigKey } from './kinds.ts'

export const CONFIG_KEYS: readonly ConfigKey[] = [
  {"key":"mode","kind":"choice","default":"public","doc":"Whom the node talks to: everyone, the local network and listed peers, holders of the swarm key, or nobody","values":["public","lan","private","offline"]},
  {"key":"import.profile","kind":"choice","default":"unixfs-v1-2025","doc":"How files become blocks, hence which CIDs `add` gives; kubo-default follows `ipfs add` in what its options bring along","values":["unixfs-v1-2025","unixfs-v0-2015","kubo-default"]},
  {"key":"store.max","kind":"size","default":"100GiB","doc":"Disk the repository may take, hard: unpinned content goes first, then writes are refused"},
  {"key":"store.cache","kind":"size","default":"64MiB","doc":"Memory for checked small blocks"},
  {"key":"store.verify","kind":"choice","default":"crc","doc":"What every read checks: the CRC-32 taken at the door, or the whole hash again","values":["crc","full"]},
  {"key":"store.grace","kind":"duration","default":"1h","doc":"How long content that was added without a pin is safe from collection"},
  {"key":"gateway.listen","kind":"address","default":"127.0.0.1:8080","doc":"Address of the public content gateway, HOST:PORT; empty turns it off"},
  {"key":"gateway.hosts","kind":"list","default":["localhost"],"doc":"Host names that serve each CID under a subdomain of its own"},
  {"key":"gateway.retrievalTimeout","kind":"duration","default":"30s","doc":"Time until a request that needs the network must have its first byte"},
  {"key":"gateway.stallTimeout","kind":"duration","default":"30s","doc":"A client that takes nothing for so long is dropped"},
  {"key":"gateway.maxConnections","kind":"count","default":4096,"doc":"Open connections to the gateway"},
  {"key":"api.listen","kind":"address","default":"127.0.0.1:5001","doc":"Address of the API (Kubo RPC, health, metrics), HOST:PORT; loopback only"},
  {"key":"swarm.listen","kind":"multiaddrs","default":["/ip4/0.0.0.0/tcp/4001","/ip4/0.0.0.0/tcp/4002/ws"],"doc":"Multiaddrs that peers can reach this node on"},
  {"key":"swarm.announce","kind":"multiaddrs","default":[],"doc":"Multiaddrs to tell peers instead of the ones listened on"},
  {"key":"swarm.peers","kind":"multiaddrs","default":[],"doc":"Peers to stay connected with: multiaddrs that end in /p2p/<id>"},
  {"key":"swarm.bootstrap","kind":"multiaddrs","default":["/dnsaddr/bootstrap.libp2p.io/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN","/dnsaddr/bootstrap.libp2p.io/p2p/QmQCU2EcMqAqQPR2i9bChDtGNJchTbq5TbXJJ16u19uLTa","/dnsaddr/bootstrap.libp2p.io/p2p/QmbLHAnMoJPWSCR5Zhtx6BHJX9KiKNN6tpvbUcqanj75Nb","/dnsaddr/bootstrap.libp2p.io/p2p/QmcZf59bWwK5XFi76CZX8cbJ4BhTzzA3gU1ZjYZcYW3dwt","/ip4/104.131.131.82/tcp/4001/p2p/QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ"],"doc":"First peers of the public network; used in mode public only"},
  {"key":"swarm.key","kind":"text","default":"swarm.key","doc":"File of the pre-shared key of a private network (Kubo format), relative to the repository"},
  {"key":"swarm.maxConnections","kind":"count","default":300,"doc":"Open connections to peers"},
  {"key":"log.level","kind":"choice","default":"info","doc":"What is logged","values":["error","warn","info","debug","trace"]},
  {"key":"log.format","kind":"choice","default":"auto","doc":"Readable lines, JSON lines, or what fits where stderr goes","values":["auto","text","json"]},
  {"key":"daemon.drain","kind":"duration","default":"10s","doc":"How long running requests may take to end when the node stops"},
  {"key":"daemon.mdns","kind":"flag","default":true,"doc":"Find peers on the local network (modes public and lan)"},
]
