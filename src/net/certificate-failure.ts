// This file tells a certificate that is not trusted from other reasons why there is no connection.

// Node.js manual, "TLS (SSL): X509 certificate error codes"; the clients hand them on as they are
const CODE =
  /^(?:ERR_TLS_CERT_ALTNAME_INVALID|(?:DEPTH_ZERO_)?SELF_SIGNED_CERT(?:_IN_CHAIN)?|UNABLE_TO_\w+|CERT_\w+)$/;

/** What is wrong with its certificate; undefined where that is not why there is no connection. */
export function certificateState(error: unknown): string | undefined {
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  if (!CODE.test(code)) return undefined;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'its certificate is for another name';
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired';
  return 'its certificate is signed by nobody whom this machine trusts';
}
