// This file tells a certificate that is not trusted from other reasons why there is no connection.

// Node.js manual, "TLS (SSL): X509 certificate error codes"; the clients hand them on as they are
const CODE =
  /^(?:ERR_TLS_CERT_ALTNAME_INVALID|(?:DEPTH_ZERO_)?SELF_SIGNED_CERT(?:_IN_CHAIN)?|UNABLE_TO_\w+|CERT_\w+)$/;

export const CERTIFICATE_STATE = 'its certificate is not valid for its name';

export function isCertificateError(error: unknown): boolean {
  return CODE.test(String((error as { code?: unknown } | null)?.code ?? ''));
}
