// Content-defined cutting by buzhash, with the sizes and the table of Kubo.

export const BUZHASH_MIN = 128 * 1024
export const BUZHASH_MAX = 512 * 1024
const MASK = 2 ** 17 - 1
const WINDOW = 32

/** 256 random words, little-endian: they define the format, any others would give other CIDs. */
const WORDS = Buffer.from(
  `1ec2YgubJxCCgYFyFGVS3D0e1C/I+H53hVLugzc2jywanAQvkZffVx8VB5IYSFSbWPbudGDKKCAa2XECfliuJ1/6+ezNcW4jLoo69IAz
    sQsskVee22yiiXE9z5/xpm2odvNJnMfsajTuqZTwy+mZ6sYTF7D7z4oI+6BgKWxiSjRGKvJ/pRp6bRZJcWrKVNRBMLglg2P1ZQvK7H9E
    XurQ+dTT2cF0xV7LAumqVefA7YYznjoN4cEN5zn2xeMKFEObxQpJxvswQF7VbZeO6mh0qG/vMPil1R7MeE4fYQUZ0d0EOWHyuWdsVsxc
    WpCkszd7iolTS53Sj2t1FdiqFOQbUefB+jx5oSmA2v4O1AIOOAf975vcgpAELTF4vJmoAlD/RnbOIZsEzQFPmUMPpcXGw1Bf2rvHXsEO
    thnbmrmAHgxoKbW5GSQWrgW0QiWdLqSRaPbga7mm1260dye8Vs5i4dWqZkIEt/1gpTL4Zsr2lZXtPOj+mY0iVSgOvxJZZIlm2q+JB6i6
    ggJDo2cjsJEUWbGk8S+2OQdBoFVwmymyDi5Sgvwk39MnM2kmeLBp4GIcATFQf66TBfVdJ+vZeLYO4N7MF1kKZrmXLSAG3SKeIu2/Ncep
    5m8x1kwux2+i3wYCWlyx1kl72GlFd8kJYV1EE6p1qTW5qZqFEwA4ZZFj+9H9VZLCkTtKeCZM57lATc5jnr58wJ5S5OYvY7MPydk4lKiU
    L2gRRv347cF+JdbjXEexLe5gArD6KnhIniveQLOGyv2CFL+zQf6wEqTUjLmd4FNdr8Ff4lV+OGs0070sobe6J2ic7ov3cVIPOoywkQQV
    Eult8k46PiO66wnT/+CpoCFZK8o8ibnuiJ6CMyrMcJjQucQjoy6j6yJNrL1MxMg7lwONHjV3MvmfADt4Qje4DnHcISYDfQHtoQp2XEuB
    aVp/BOOW3pw8qfWGXGGlKjK0TVMlQuMtLg1LzPzMVyqsCwRtoPA313i8ZvfR8jyVp/WF2t+81bcTUiij6LwYX4/TREIJ21MSV/7up38x
    Q08yStk5/D+O+rNRn+5LeoLGu3hQA1yfbCj+Aoa2WiTX92vtipjECvoQ4D9p41/Gy0lXpDflhCtj85/emg9UIDSbjKqzdsRb10tXHa0A
    kZJN3iFHBRvfJ0aFsVhkZ+e3WE6Q36FXr5czxE29/W0lpvOYOfYzWODxJs8K4tbZf/VNCzCQkELfibwc0GjjPonPRqBCzBsYjnd2XCZn
    xKSB6aEdmYKUco9wYq7i5nAYRPy2sOGVJfhFBH+0k1q+9Jxe53HahLCClZ3vNfib4mEfWYVZMkMu4y1dD7+PjTgPs5VuW60H306TTg6Z
    1DxZ4lOQfYVBXA==`,
  'base64',
)
const TABLE = Int32Array.from({ length: 256 }, (_, i) => WORDS.readInt32LE(i * 4))

/** See `Cut`: the first place from the smallest size on where the low 17 bits of the hash of the last 32 bytes are zero. */
export function cutBuzhash(bytes: Uint8Array): number {
  const most = Math.min(bytes.length, BUZHASH_MAX)
  if (most <= BUZHASH_MIN) return most
  let state = 0
  for (let i = BUZHASH_MIN - WINDOW; i < BUZHASH_MIN; i++)
    state = ((state << 1) | (state >>> 31)) ^ (TABLE[bytes[i] as number] as number)
  for (let at = BUZHASH_MIN; at < most; at++) {
    if ((state & MASK) === 0) return at
    // The byte that leaves has been turned round by all 32 bits by now, so it cancels as it stands.
    state =
      ((state << 1) | (state >>> 31)) ^
      (TABLE[bytes[at - WINDOW] as number] as number) ^
      (TABLE[bytes[at] as number] as number)
  }
  return most
}
