/* SPDX-License-Identifier: ISC */
/* A certificate that nobody vouches for, and its key, as PEM files. */
#ifndef UNIT_CERTIFICATE_H
#define UNIT_CERTIFICATE_H

#include <stdio.h>

#include <check.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static inline void
certificate_write(const char *cert_path, const char *key_path, long serial)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	FILE *f;

	(void)ASN1_INTEGER_set(X509_get_serialNumber(cert), serial);
	(void)X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	(void)X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	(void)X509_set_pubkey(cert, key);
	ck_assert_int_ne(X509_sign(cert, key, EVP_sha256()), 0);
	f = fopen(cert_path, "w");
	ck_assert_int_eq(PEM_write_X509(f, cert), 1);
	(void)fclose(f);
	f = fopen(key_path, "w");
	ck_assert_int_eq(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
	(void)fclose(f);
	X509_free(cert);
	EVP_PKEY_free(key);
}

#endif
