// Stands in for @libp2p/webrtc, which Helia's default composition names but Cairn never uses (see ARCHITECTURE.md, Dependencies).
const absent = () => {
  throw new Error('@libp2p/webrtc is left out of Cairn')
}
export const webRTC = absent
export const webRTCDirect = absent
