// Stands in for @ipshipyard/libp2p-auto-tls, which Helia's default composition names but Cairn never uses (see ARCHITECTURE.md, Dependencies).
const absent = () => {
  throw new Error('@ipshipyard/libp2p-auto-tls is left out of Cairn')
}
export const autoTLS = absent
