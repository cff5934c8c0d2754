// This file makes certificates of every kind that a TLS server may show, with openssl.
import { createTempFolder } from './temp-folder.ts';

export type KeyPair = { readonly cert: string; readonly key: string };

export type CertificateKinds = {
  /** PEM of the authority that signed `good`, `other` and `expired`. */
  readonly ca: string;
  /** For the name a.test. */
  readonly good: KeyPair;
  /** For the name b.test. */
  readonly other: KeyPair;
  /** For a.test, over since yesterday. */
  readonly expired: KeyPair;
  /** For a.test, signed by itself. */
  readonly selfSigned: KeyPair;
  /** For the address 127.0.0.1. */
  readonly address: KeyPair;
};

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export async function createCertificates(): Promise<CertificateKinds> {
  await using folder = await createTempFolder();
  const { path } = folder;
  const openssl = (...args: readonly string[]) => {
    const { exitCode, stderr } = Bun.spawnSync(['openssl', ...args], { cwd: path });
    if (exitCode !== 0) throw new Error(`openssl ${args[0]} failed: ${stderr}`);
  };
  const read = async (name: string): Promise<KeyPair> => ({
    cert: await Bun.file(`${path}/${name}.pem`).text(),
    key: await Bun.file(`${path}/${name}.key`).text(),
  });
  const selfSign = (name: string, subject: string, altName: string) =>
    openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-days',
      '2',
      '-subj',
      `/CN=${subject}`,
      '-addext',
      `subjectAltName=${altName}`,
    );
  const issue = async (name: string, altName: string, days: string): Promise<KeyPair> => {
    await folder.write(`${name}.ext`, `subjectAltName=${altName}\n`);
    openssl(
      'req',
      ...NEW_KEY,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
    );
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      days,
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    );
    return read(name);
  };
  selfSign('ca', 'Test Authority', 'DNS:ca.test');
  selfSign('self', 'a.test', 'DNS:a.test');
  return {
    ca: (await read('ca')).cert,
    good: await issue('good', 'DNS:a.test', '2'),
    other: await issue('other', 'DNS:b.test', '2'),
    expired: await issue('expired', 'DNS:a.test', '-1'),
    address: await issue('address', 'IP:127.0.0.1', '2'),
    selfSigned: await read('self'),
  };
}
