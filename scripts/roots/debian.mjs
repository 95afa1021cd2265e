/** Packages of Debian's archive, fetched with a configuration of apt of their own: nothing is installed, and the system's lists stay as they are. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** The package can't be had here: no apt, no archive, no such version. */
export class Unavailable extends Error {}

/**
 * The packages of a suite, from `folder` where a file has the wanted version, else from the archive; what was fetched is kept in `folder`.
 * `wanted` are names, or `{ name, version }` for one version and no other. Throws `Unavailable`.
 */
export function packages(wanted, { suite, folder, offline }) {
  const kept = wanted.map(({ name, version }) => version && join(folder, fileName(name, version)))
  if (!kept.every(file => file && existsSync(file))) {
    if (offline) throw new Unavailable(`${folder} has not got ${wanted.map(({ name, version }) => `${name} ${version}`).join(' and ')}`)
    return fetched(wanted, suite, folder)
  }
  return kept.map(describe)
}

/** Calls `use` with a folder that has the package's files. */
export function unpacked({ file }, use) {
  return inTemporary(folder => {
    execFileSync('dpkg-deb', ['-x', file, folder])
    return use(folder)
  })
}

/** YYYY-MM-DD of the newest entry of the package's changelog, as its author wrote it. */
export function changelogDate(folder, name) {
  const documents = join(folder, 'usr/share/doc', name)
  const log = ['changelog.Debian.gz', 'changelog.gz'].map(file => join(documents, file)).find(existsSync)
  if (!log) throw new Error(`${name} has no changelog`)
  const [, day, month, year] = /^ -- .*> {2}\w+, (\d+) (\w+) (\d+) /m.exec(gunzipSync(readFileSync(log)).toString('utf8')) ?? []
  const number = 1 + ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'].indexOf(month)
  if (number === 0) throw new Error(`the changelog of ${name} has no date`)
  return `${year}-${String(number).padStart(2, '0')}-${day.padStart(2, '0')}`
}

/** As `apt-get download` names them, but for the colon of an epoch and the architecture. */
function fileName(name, version) {
  return `${name}_${version.replaceAll(':', '%3a')}.deb`
}

function describe(file) {
  const field = name => execFileSync('dpkg-deb', ['-f', file, name], { encoding: 'utf8' }).trim()
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex')
  return { file, name: field('Package'), version: field('Version'), sha256 }
}

function fetched(wanted, suite, folder) {
  return inTemporary(work => {
    const options = configuration(work, suite)
    const apt = (...args) => attempt('apt-get', [...options, ...args], work)
    apt('update', '-q')
    mkdirSync(folder, { recursive: true })
    return wanted.map(({ name, version }) => {
      apt('download', '-q', version ? `${name}=${version}` : `${name}/${suite}`)
      const file = readdirSync(work).find(each => each.startsWith(`${name}_`) && each.endsWith('.deb'))
      if (!file) throw new Unavailable(`apt-get brought no ${name}`)
      const found = describe(join(work, file))
      const kept = join(folder, fileName(name, found.version))
      copyFileSync(found.file, kept)
      return { ...found, file: kept }
    })
  })
}

/** One architecture for everyone, so that the same version is the same file. */
function configuration(work, suite) {
  for (const part of ['lists/partial', 'cache/archives/partial', 'etc/apt.conf.d', 'etc/preferences.d']) {
    mkdirSync(join(work, 'apt', part), { recursive: true })
  }
  const sources = join(work, 'apt/etc/sources.list')
  writeFileSync(sources, `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror(work)} ${suite} main\n`)
  writeFileSync(join(work, 'apt/status'), '')
  const settings = {
    'APT::Architecture': 'amd64',
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    'Dir::Cache': join(work, 'apt/cache'),
    'Dir::Etc': join(work, 'apt/etc'),
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '-',
    'Dir::State': join(work, 'apt'),
    'Dir::State::Lists': join(work, 'apt/lists'),
    'Dir::State::status': join(work, 'apt/status'),
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
}

/** Where this system's apt has Debian from. */
function mirror(work) {
  const format = '$(ORIGIN) $(LABEL) $(REPO_URI)'
  const targets = attempt('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], work)
  const [, uri] = /^Debian Debian (\S+)$/m.exec(targets) ?? []
  if (!uri) throw new Unavailable('apt of this system knows no archive of Debian; has "apt-get update" been run?')
  return uri
}

function attempt(program, args, cwd) {
  try {
    return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 300_000 })
  } catch (error) {
    const said = String(error.stderr ?? error.message)
      .trim()
      .split('\n')
    throw new Unavailable(`${program} failed: ${said.at(0)}`, { cause: error })
  }
}

function inTemporary(use) {
  const folder = mkdtempSync(join(tmpdir(), 'tassel-roots-'))
  try {
    return use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
