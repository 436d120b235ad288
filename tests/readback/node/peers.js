// Reads bodies with the parsers of Node, one JSON line a body, and answers each with one line:
//   {"peer": "formdata" | "busboy", "contentType": string, "body": base64, "options": object}
//   {"items": [{"name", "filename", "contentType", "data": base64}]}, or {"error": string}
// What a parser does not tell is null.  Runs until its input ends.
'use strict'

const readline = require('node:readline')

function shown (name, filename, contentType, data) {
  return {
    name: name ?? null,
    filename: filename ?? null,
    contentType: contentType || null,
    data: Buffer.from(data).toString('base64')
  }
}

// The parser that the tests know is that of undici 6: in Node 20 and 22, or from the registry.
function response () {
  return process.versions.undici.startsWith('6.') ? Response : require('undici').Response
}

async function formdata (contentType, body) {
  const headers = { 'content-type': contentType }
  const form = await new (response())(body, { headers }).formData()
  const items = []
  for (const [name, value] of form) {
    const isText = typeof value === 'string'
    const data = isText ? value : await value.arrayBuffer()
    items.push(shown(name, isText ? null : value.name, isText ? null : value.type, data))
  }
  return items
}

function busboy (contentType, body, options) {
  const parser = require('busboy')({ headers: { 'content-type': contentType }, ...options })
  return new Promise((resolve, reject) => {
    const items = []
    parser.on('field', (name, value, info) => items.push(shown(name, null, info.mimeType, value)))
    parser.on('file', (name, stream, info) => {
      const index = items.push(null) - 1
      const chunks = []
      stream.on('data', (chunk) => chunks.push(chunk))
      stream.on('end', () => {
        items[index] = shown(name, info.filename, info.mimeType, Buffer.concat(chunks))
      })
    })
    parser.on('close', () => resolve(items))
    parser.on('error', reject)
    parser.end(body)
  })
}

const peers = { formdata, busboy }

async function main () {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { peer, contentType, body, options } = JSON.parse(line)
    let answer
    try {
      answer = { items: await peers[peer](contentType, Buffer.from(body, 'base64'), options) }
    } catch (error) {
      answer = { error: `${error.name}: ${error.message}` }
    }
    process.stdout.write(JSON.stringify(answer) + '\n')
  }
}

main()
