import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ending } from '../../test/support/chaos/play.ts'

/** One line of the server's log. */
export interface Asked {
  /** Epoch milliseconds. */
  at: number
  path: string
  status: number
}

export interface FolderServer {
  http: string
  https: string
  /** PEM of the authority that signed the server's certificate. */
  ca: string
  /** What was asked since the last call. */
  takeLog(): Promise<Asked[]>
  /** Processor seconds of the server so far. */
  cpuSeconds(): number
  stop(): Promise<void>
}

/** Of /proc/PID/stat on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** Serves a folder by nginx with one worker over HTTP and HTTPS on free loopback ports. nginx and openssl must be there. */
export async function serveFolder(folder: string, work: string): Promise<FolderServer> {
  mkdirSync(work, { recursive: true })
  const ca = certify(work)
  const [plain, secure] = [await freePort(), await freePort()]
  const log = path.join(work, 'access.log')
  writeFileSync(log, '')
  writeFileSync(path.join(work, 'nginx.conf'), configuration(folder, work, plain, secure))
  const child = spawn('nginx', ['-p', work, '-c', path.join(work, 'nginx.conf'), '-e', path.join(work, 'error.log')], {
    stdio: 'inherit',
  })
  child.once('error', () => {
    throw new Error('nginx is missing: apt-get install nginx, or put one on PATH')
  })
  await listening(secure)
  let read = 0
  return {
    http: `http://127.0.0.1:${plain}`,
    https: `https://127.0.0.1:${secure}`,
    ca,
    async takeLog() {
      child.kill('SIGUSR1') // flushes the log's buffer, as it opens the file anew
      await delay(500)
      const lines = readFileSync(log, 'utf8').split('\n').filter(Boolean)
      const fresh = lines.slice(read)
      read = lines.length
      return fresh.map((line) => {
        const [at, asked, status] = line.split('\t') as [string, string, string]
        return { at: Number(at) * 1000, path: asked, status: Number(status) }
      })
    },
    cpuSeconds: () => cpuOfTree(child.pid ?? 0),
    stop: () => ending(child, 'SIGTERM'),
  }
}

function configuration(folder: string, work: string, plain: number, secure: number): string {
  return `daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${path.join(work, 'nginx.pid')};
events { worker_connections 4096; }
http {
  log_format times '$msec\\t$uri\\t$status';
  access_log ${path.join(work, 'access.log')} times buffer=256k;
  types { text/html html; image/jpeg jpg; }
  sendfile on;
  tcp_nopush on;
  server {
    listen 127.0.0.1:${plain} backlog=4096;
    listen 127.0.0.1:${secure} ssl backlog=4096;
    ssl_certificate ${path.join(work, 'server.pem')};
    ssl_certificate_key ${path.join(work, 'server.key')};
    root ${folder};
  }
}
`
}

/** An authority and a certificate of 127.0.0.1 signed by it. */
function certify(work: string): string {
  const at = (name: string) => path.join(work, name)
  if (!existsSync(at('server.pem'))) {
    const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'ignore'] })
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      at('ca.key'),
      '-out',
      at('ca.pem'),
      '-days',
      '30',
      '-subj',
      '/CN=mella bench CA',
    )
    openssl('req', ...key, '-keyout', at('server.key'), '-out', at('server.csr'), '-subj', '/CN=127.0.0.1')
    writeFileSync(at('san.cnf'), 'subjectAltName=IP:127.0.0.1\n')
    const signing = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('san.cnf')]
    openssl('x509', '-req', '-in', at('server.csr'), ...signing, '-days', '30', '-out', at('server.pem'))
  }
  return at('ca.pem')
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo
      probe.close(() => resolve(port))
    })
  })
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (open) return
    await delay(100)
  }
  throw new Error('nginx does not listen: see error.log beside its configuration')
}

function cpuOfTree(root: number): number {
  const children = readFileSync(`/proc/${root}/task/${root}/children`, 'utf8').trim().split(' ').filter(Boolean)
  const stat = readFileSync(`/proc/${root}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const own = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  return children.reduce((sum, pid) => sum + cpuOfTree(Number(pid)), own)
}
