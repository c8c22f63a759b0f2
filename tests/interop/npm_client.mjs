// SPDX-License-Identifier: ISC
// npm_client.mjs MODULES URL: two clients of npm's bittorrent-tracker find one another at a tracker,
// one as a seed, and scrape it. Silent if all is well.
import assert from 'assert'

const [modules, url] = process.argv.slice(2)
const { default: Client } = await import(modules + '/bittorrent-tracker/client.js')
const infoHash = Array.from(crypto.getRandomValues(new Uint8Array(20)),
  b => b.toString(16).padStart(2, '0')).join('')

function client (number) {
  const it = new Client({
    infoHash, announce: url, peerId: Buffer.from('-XX0001-00000000000' + number), port: 7000 + number
  })
  it.peers = []
  it.on('error', fail)
  it.on('warning', fail)
  it.on('peer', peer => it.peers.push(peer))
  return it
}

function fail (error) {
  console.log(url + ': ' + error.message)
  process.exit(1)
}

function answer (it, event, ask) {
  return new Promise(resolve => {
    it.once(event, resolve)
    ask()
  })
}

setTimeout(() => fail(new Error('no answer')), 20000).unref()
const seed = client(1)
const leech = client(2)

let told = await answer(seed, 'update', () => seed.start({ left: 0 }))
assert.deepEqual([told.complete, told.incomplete], [1, 0])
// Peers are told of after the numbers.
await answer(leech, 'peer', () => leech.start({ left: 1000 }))
assert.equal(leech.peers.length, 1)
assert.match(leech.peers[0], /:7001$/)
assert.equal(seed.peers.length, 0)

told = await answer(seed, 'scrape', () => seed.scrape())
assert.deepEqual([told.complete, told.incomplete, told.downloaded], [1, 1, 0])

told = await answer(leech, 'update', () => leech.complete({ left: 0, downloaded: 1000 }))
assert.deepEqual([told.complete, told.incomplete], [2, 0])
await answer(seed, 'update', () => seed.stop({ left: 0 }))
told = await answer(leech, 'scrape', () => leech.scrape())
assert.deepEqual([told.complete, told.incomplete, told.downloaded], [1, 0, 1])
process.exit(0)
