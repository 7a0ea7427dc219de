// Stands in for @libp2p/http, which Helia's default composition names but Cairn never uses (see ARCHITECTURE.md, Dependencies).
const absent = () => {
  throw new Error('@libp2p/http is left out of Cairn')
}
export const http = absent
