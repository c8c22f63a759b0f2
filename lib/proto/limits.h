/* SPDX-License-Identifier: ISC */
/* Every number that a stranger could push against, with its reason. */
#ifndef PROTO_LIMITS_H
#define PROTO_LIMITS_H

#include "base/block.h"

/* -- the peer wire -- */

/* A block, 16 KiB: what everyone asks for, and the most that libtorrent and Transmission serve. */
#define BLOCK_LEN BLOCK_SIZE

/* The longest message body. Only bitfields and extended messages come near; libtorrent's number.
 * It covers bitfields of 8 million pieces, more than a metafile of 64 MiB can name. */
#define MSG_LEN_MAX (1u << 20)

/* An extended message: pex of libtorrent may have 500 KiB in theory, in practice a few KiB; a piece
 * of metadata is 16 KiB and a small dictionary. rtorrent refuses more than 32 KiB. */
#define MSG_EXTENDED_MAX (64u << 10)

/* Hashes in one message of v2: BEP 52 asks for at most 512 and the proof, libtorrent serves
 * 8192. */
#define MSG_HASHES_MAX 8192u
#define MSG_PROOFS_MAX 64u

/* Requests that one peer may have waiting with us: what libtorrent and Transmission take. It goes
 * out as reqq. A request takes some 16 bytes of ours. */
#define REQQ_IN 2000u

/* Requests that we have waiting with a peer who does not say its reqq (libtorrent,
 * Transmission). */
#define REQQ_OUT_DEFAULT 500u

/* More than that is not believed: 2000 blocks are 31 MiB under way from one peer. */
#define REQQ_OUT_MAX 2000u

/* The allowed-fast set of BEP 6; the text proposes 10, aria2 sends 10. */
#define ALLOWED_FAST_MAX 32u

/* Haves of one peer kept while the number of pieces is not known: an honest one says so many in
 * minutes of waiting for the metadata. */
#define EARLY_HAVES_MAX 65536u

/* Suggested pieces remembered of one peer. */
#define SUGGEST_MAX 16u

/* An info dictionary fetched from peers; the same as the largest metafile. */
#define METADATA_MAX (64u << 20)

/* The client's name in an extended handshake: longer ones are cut. */
#define EXT_CLIENT_MAX 64u

/* Keys and values of a bencoded message from a peer. An extended handshake has some 50. */
#define EXT_ITEMS_MAX 4096u

/* -- HTTP -- */

/* A request head to the tracker. An announce has 300 to 600 bytes; 64 escaped hashes of a scrape
 * are 5 KiB. */
#define HTTP_REQUEST_MAX (16u << 10)

/* A response head; cookies and security policies make them fat. */
#define HTTP_RESPONSE_MAX (64u << 10)

/* Header lines in one head. */
#define HTTP_HEADERS_MAX 100u

/* Extensions of one chunk of a body, which nobody uses; and the header lines that may follow the
 * last one, which we pass over. */
#define HTTP_CHUNK_LINE_MAX 1024u
#define HTTP_TRAILER_MAX 4096u

/* What a proxy says of a client before its request. Version 2 of the PROXY protocol asks for 536 at
 * least; certificates of clients, which may be in it, take some more. */
#define PROXY_HEADER_MAX 4096u

/* Redirects followed (libtorrent: 5). */
#define HTTP_REDIRECTS_MAX 5u

/* A URL anywhere. */
#define URL_MAX 8192u

/* -- trackers -- */

/* An announce or scrape reply after decompression (libtorrent: 1 MiB). */
#define TRACKER_REPLY_MAX (1u << 20)

/* Keys and values in a reply: 4096 peers as dictionaries have 7 each. */
#define TRACKER_ITEMS_MAX (64u << 10)

/* Peers taken from one reply. Most trackers give 50 to 200. */
#define TRACKER_PEERS_MAX 4096u

/* Intervals and counts from a tracker are cut to this: seconds times a million must fit. */
#define TRACKER_NUMBER_MAX 0x7fffffff

/* Texts in an announce: key, trackerid. Ours come back as given; a longer one is not kept. */
#define TRACKER_TEXT_MAX 128u

/* Info-hashes in one scrape: opentracker takes 64 over HTTP, 74 fit into a datagram. */
#define SCRAPE_HASHES_MAX 74u

/* Entries taken from a scrape reply. Nobody asked for more than the above; some send everything. */
#define SCRAPE_REPLY_MAX 1024u

/* A UDP tracker packet that we send: it must not be split on the way (IPv6 minimum, headers
 * off). */
#define UDP_TRACKER_SEND_MAX 1232u

/* One that we accept. */
#define UDP_TRACKER_PACKET_MAX 8192u

/* Path and query in an announce by UDP (BEP 41); 255 in practice. */
#define UDP_TRACKER_URL_MAX 1024u

#endif
