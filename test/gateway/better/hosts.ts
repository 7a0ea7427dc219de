// Hosts, redirects, names and denylists: rows 5, 9 to 11, 17, 19, 21, 31, 40 to 42 of §6.

import { base32 } from 'multiformats/bases/base32'
import type { CID } from 'multiformats/cid'
import * as assert from 'uvu/assert'
import { type BetterCase, get, on, status } from './case.ts'

const subdomain = (cid: CID): string => `${cid.toV1().toString(base32)}.ipfs.gw.test`
const location = (answer: Parameters<BetterCase['tell']>[0]): string =>
  status(answer, 'location').replaceAll(/\b[bk][a-z0-9]{40,}/g, '…')

export const HOST_CASES: readonly BetterCase[] = [
  {
    row: 5,
    title: 'a site may have a parameter `uri`',
    send: ({ folder }) => get(`/ipfs/${folder}/page.html?uri=ipfs%3A%2F%2Fbafkqaaa`),
    check: ({ status }) => assert.is(status, 200),
    tell: location,
  },
  {
    row: 9,
    title: 'blocked on legal grounds is 451, with the rule and who wants it',
    send: ({ denied }) => get(`/ipfs/${denied}`),
    check: ({ status, header, text }) => {
      assert.is(status, 451)
      assert.is(header('link'), '<https://court.example>; rel="blocked-by"')
      assert.match(text, /list0:\d+/)
    },
    tell: answer => status(answer, 'link'),
  },
  {
    row: 10,
    title: 'the query of a request replaces what a rule says',
    send: ({ site }) => on(subdomain(site), '/search?q=mine'),
    check: ({ status, header }) => assert.equal([status, header('location')], [301, '/find?q=mine']),
    tell: location,
  },
  {
    row: 10,
    title: 'a placeholder that is there twice refuses the file',
    send: ({ badSite }) => on(subdomain(badSite), '/a/1/2'),
    check: ({ status }) => assert.is(status, 500),
    tell: location,
  },
  {
    row: 11,
    title: 'the query of a folder goes along byte for byte',
    send: ({ folder }) => get(`/ipfs/${folder}?x=%2F&y=1`),
    check: ({ status, header }, { folder }) =>
      assert.equal([status, header('location')], [301, `/ipfs/${folder}/?x=%2F&y=1`]),
    tell: location,
  },
  {
    row: 17,
    title: 'names that lead to one another are 400',
    send: () => get('/ipns/loop.example.test'),
    check: ({ status }) => assert.is(status, 400),
    tell: answer => status(answer),
  },
  {
    row: 19,
    title: 'localhost makes one label of a DNSLink name',
    send: () => on('localhost:PORT', '/ipns/my-site.example.test/'),
    check: ({ status, header }) => {
      assert.is(status, 301)
      assert.match(header('location'), /^http:\/\/my--site-example-test\.ipns\.localhost:\d+\/$/)
    },
    tell: answer => location(answer).replace(/:\d+\//, ':…/'),
  },
  {
    row: 21,
    title: 'another spelling of a CID is sent to its one host',
    send: ({ alphabet36 }) => on(`${alphabet36}.ipfs.gw.test`, '/'),
    check: ({ status, header }, { alphabet }) =>
      assert.equal([status, header('location')], [301, `http://${subdomain(alphabet)}/`]),
    tell: location,
  },
  {
    row: 31,
    title: 'which rule of _redirects it was can be seen (gateway.showRules)',
    send: ({ site }) => on(subdomain(site), '/list/a'),
    check: ({ header }) => assert.is(header('x-cairn-redirects-line'), '2'),
    tell: answer => status(answer, 'x-cairn-redirects-line'),
  },
  {
    row: 40,
    title: 'the name of a host is the same in capitals, and with its final dot',
    send: ({ alphabet }) => on('GW.Test.', `/ipfs/${alphabet}`),
    check: ({ status, header }, { alphabet }) =>
      assert.equal([status, header('location')], [301, `http://${subdomain(alphabet)}/`]),
    tell: location,
  },
  {
    row: 41,
    title: 'X-Forwarded-Host of a root is served, not sent round in a circle',
    send: ({ alphabet }) => on('gw.test', '/', `X-Forwarded-Host: ${subdomain(alphabet)}`),
    check: ({ status, text }) => assert.equal([status, text.length], [200, 26]),
    tell: location,
  },
  {
    row: 42,
    title: 'a splat stays encoded',
    send: ({ site }) => on(subdomain(site), '/list/a%20b'),
    check: ({ status, header }) => assert.equal([status, header('location')], [301, '/found/a%20b']),
    tell: location,
  },
  {
    row: 42,
    title: 'a placeholder does not become a second parameter',
    send: ({ site }) => on(subdomain(site), '/tag/a%26admin=1'),
    check: ({ status, header }) => assert.equal([status, header('location')], [302, '/by?tag=a%26admin%3D1']),
    tell: location,
  },
  {
    row: 42,
    title: 'a _redirects file that cannot be read is not taken for none',
    send: ({ lostRules }) => on(subdomain(lostRules), '/x'),
    check: ({ status, text }) => {
      assert.ok(status >= 400)
      assert.match(text, /_redirects/)
    },
    tell: answer =>
      `${answer.status}, ${answer.text.includes('_redirects') ? 'names _redirects' : 'does not name _redirects'}`,
  },
]
