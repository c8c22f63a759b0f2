/* SPDX-License-Identifier: ISC */
/* Packets of BEP 15 and BEP 41, good and bad, and what is in them. */
#ifndef UDP_VECTORS_H
#define UDP_VECTORS_H

#include <stdbool.h>
#include <stdint.h>

enum udp_packet {
	CONNECT_REQUEST,
	CONNECT_RESPONSE,
	ANNOUNCE_REQUEST,
	ANNOUNCE_RESPONSE_IPV4,
	ANNOUNCE_RESPONSE_IPV6,
	SCRAPE_REQUEST,
	SCRAPE_RESPONSE,
	ERROR_RESPONSE
};

struct udp_vector {
	const char *name;
	enum udp_packet packet;
	bool accept;
	const char *bytes;
	uint32_t transaction;
	uint64_t connection;
	uint64_t downloaded, left, uploaded;
	unsigned event;
	const char *ip;
	uint32_t key;
	int32_t numwant;
	uint16_t port;
	const char *url;
	uint32_t interval;
	const char *text;		/* error */
	const char *peers;		/* ip port,... */
	unsigned count;			/* scrape: hashes or answers */
	uint32_t numbers[6];		/* seeders, completed, leechers of the answers */
	uint32_t seeders, leechers;	/* announce answer */
};

static const struct udp_vector udp_vectors[] = {
	{
		.name = "connect",
		.packet = CONNECT_REQUEST,
		.accept = true,
		.bytes = "00000417271019800000000011223344",
		.transaction = 287454020,
	},
	{
		.name = "connect, longer than needed",
		.packet = CONNECT_REQUEST,
		.accept = true,
		.bytes = "0000041727101980000000001122334400000000",
		.transaction = 287454020,
	},
	{
		.name = "connect, wrong magic",
		.packet = CONNECT_REQUEST,
		.bytes = "00000417271019810000000000000001",
	},
	{
		.name = "connect, 15 bytes",
		.packet = CONNECT_REQUEST,
		.bytes = "000004172710198000000000112233",
	},
	{
		.name = "connect answer",
		.packet = CONNECT_RESPONSE,
		.accept = true,
		.bytes = "00000000112233440102030405060708",
		.transaction = 287454020,
		.connection = 0x0102030405060708,
	},
	{
		.name = "connect answer, 15 bytes",
		.packet = CONNECT_RESPONSE,
		.bytes = "000000001122334401020304050607",
	},
	{
		.name = "announce started",
		.packet = ANNOUNCE_REQUEST,
		.accept = true,
		.bytes = "01020304050607080000000155667788000102030405060708090a0b0c0d0e0f10111213"
		    "2d4243303031302d6162636465666768696a6b6c000000000000000000000000000003e8"
		    "00000000000000000000000200000000deadbeefffffffff1ae1",
		.connection = 0x0102030405060708,
		.transaction = 1432778632,
		.downloaded = 0,
		.left = 1000,
		.uploaded = 0,
		.event = 2,
		.ip = "0.0.0.0",
		.key = 3735928559u,
		.numwant = -1,
		.port = 6881,
	},
	{
		.name = "announce, BEP 41 URL data",
		.packet = ANNOUNCE_REQUEST,
		.accept = true,
		.bytes = "01020304050607080000000155667788000102030405060708090a0b0c0d0e0f10111213"
		    "2d4243303031302d6162636465666768696a6b6c000000000000000000000000000003e8"
		    "00000000000000000000000200000000deadbeefffffffff1ae1020c2f6469723f613d62"
		    "26633d6400",
		.connection = 0x0102030405060708,
		.transaction = 1432778632,
		.downloaded = 0,
		.left = 1000,
		.uploaded = 0,
		.event = 2,
		.ip = "0.0.0.0",
		.key = 3735928559u,
		.numwant = -1,
		.port = 6881,
		.url = "/dir?a=b&c=d",
	},
	{
		.name = "announce, BEP 41 URL data in two parts, with NOP",
		.packet = ANNOUNCE_REQUEST,
		.accept = true,
		.bytes = "01020304050607080000000155667788000102030405060708090a0b0c0d0e0f10111213"
		    "2d4243303031302d6162636465666768696a6b6c000000000000000000000000000003e8"
		    "00000000000000000000000200000000deadbeefffffffff1ae102042f6469720102083f"
		    "613d6226633d6400",
		.connection = 0x0102030405060708,
		.transaction = 1432778632,
		.downloaded = 0,
		.left = 1000,
		.uploaded = 0,
		.event = 2,
		.ip = "0.0.0.0",
		.key = 3735928559u,
		.numwant = -1,
		.port = 6881,
		.url = "/dir?a=b&c=d",
	},
	{
		.name = "announce, BEP 41 no end mark",
		.packet = ANNOUNCE_REQUEST,
		.accept = true,
		.bytes = "01020304050607080000000155667788000102030405060708090a0b0c0d0e0f10111213"
		    "2d4243303031302d6162636465666768696a6b6c000000000000000000000000000003e8"
		    "00000000000000000000000200000000deadbeefffffffff1ae102022f78",
		.connection = 0x0102030405060708,
		.transaction = 1432778632,
		.downloaded = 0,
		.left = 1000,
		.uploaded = 0,
		.event = 2,
		.ip = "0.0.0.0",
		.key = 3735928559u,
		.numwant = -1,
		.port = 6881,
		.url = "/x",
	},
	{
		.name = "announce, BEP 41 unknown option is passed over",
		.packet = ANNOUNCE_REQUEST,
		.accept = true,
		.bytes = "01020304050607080000000155667788000102030405060708090a0b0c0d0e0f10111213"
		    "2d4243303031302d6162636465666768696a6b6c000000000000000000000000000003e8"
		    "00000000000000000000000200000000deadbeefffffffff1ae1770361626302022f7800",
		.connection = 0x0102030405060708,
		.transaction = 1432778632,
		.downloaded = 0,
		.left = 1000,
		.uploaded = 0,
		.event = 2,
		.ip = "0.0.0.0",
		.key = 3735928559u,
		.numwant = -1,
		.port = 6881,
		.url = "/x",
	},
	{
		.name = "announce, BEP 41 text cut short: the URL is ignored",
		.packet = ANNOUNCE_REQUEST,
		.accept = true,
		.bytes = "01020304050607080000000155667788000102030405060708090a0b0c0d0e0f10111213"
		    "2d4243303031302d6162636465666768696a6b6c000000000000000000000000000003e8"
		    "00000000000000000000000200000000deadbeefffffffff1ae102092f78",
		.connection = 0x0102030405060708,
		.transaction = 1432778632,
		.downloaded = 0,
		.left = 1000,
		.uploaded = 0,
		.event = 2,
		.ip = "0.0.0.0",
		.key = 3735928559u,
		.numwant = -1,
		.port = 6881,
	},
	{
		.name = "announce, 97 bytes",
		.packet = ANNOUNCE_REQUEST,
		.bytes = "01020304050607080000000155667788000102030405060708090a0b0c0d0e0f10111213"
		    "2d4243303031302d6162636465666768696a6b6c000000000000000000000000000003e8"
		    "00000000000000000000000200000000deadbeefffffffff1a",
	},
	{
		.name = "announce none",
		.packet = ANNOUNCE_REQUEST,
		.accept = true,
		.bytes = "01020304050607080000000155667788000102030405060708090a0b0c0d0e0f10111213"
		    "2d4243303031302d6162636465666768696a6b6c00000100000000000000020000000000"
		    "000004000000000000000000000000000000000100000032ffff",
		.connection = 0x0102030405060708,
		.transaction = 1432778632,
		.downloaded = 1099511627776,
		.left = 2199023255552,
		.uploaded = 4398046511104,
		.event = 0,
		.ip = "0.0.0.0",
		.key = 1u,
		.numwant = 50,
		.port = 65535,
	},
	{
		.name = "announce completed",
		.packet = ANNOUNCE_REQUEST,
		.accept = true,
		.bytes = "01020304050607080000000155667788000102030405060708090a0b0c0d0e0f10111213"
		    "2d4243303031302d6162636465666768696a6b6c00000000000003e80000000000000000"
		    "0000000000000005000000010000000000000000000000000001",
		.connection = 0x0102030405060708,
		.transaction = 1432778632,
		.downloaded = 1000,
		.left = 0,
		.uploaded = 5,
		.event = 1,
		.ip = "0.0.0.0",
		.key = 0u,
		.numwant = 0,
		.port = 1,
	},
	{
		.name = "announce stopped",
		.packet = ANNOUNCE_REQUEST,
		.accept = true,
		.bytes = "01020304050607080000000155667788000102030405060708090a0b0c0d0e0f10111213"
		    "2d4243303031302d6162636465666768696a6b6c00000000000000010000000000000002"
		    "0000000000000003000000030000000000000009000000001ae1",
		.connection = 0x0102030405060708,
		.transaction = 1432778632,
		.downloaded = 1,
		.left = 2,
		.uploaded = 3,
		.event = 3,
		.ip = "0.0.0.0",
		.key = 9u,
		.numwant = 0,
		.port = 6881,
	},
	{
		.name = "announce with address",
		.packet = ANNOUNCE_REQUEST,
		.accept = true,
		.bytes = "01020304050607080000000155667788000102030405060708090a0b0c0d0e0f10111213"
		    "2d4243303031302d6162636465666768696a6b6c00000000000000000000000000000000"
		    "000000000000000000000000c000020100000007000000c8c8d5",
		.connection = 0x0102030405060708,
		.transaction = 1432778632,
		.downloaded = 0,
		.left = 0,
		.uploaded = 0,
		.event = 0,
		.ip = "192.0.2.1",
		.key = 7u,
		.numwant = 200,
		.port = 51413,
	},
	{
		.name = "announce answer, ipv4",
		.packet = ANNOUNCE_RESPONSE_IPV4,
		.accept = true,
		.bytes = "0000000155667788000007080000000300000004c00002011ae1c63364fe1ae2",
		.transaction = 1432778632,
		.interval = 1800,
		.leechers = 3,
		.seeders = 4,
		.peers = "192.0.2.1 6881,198.51.100.254 6882",
	},
	{
		.name = "announce answer, ipv4, bytes that are not a whole peer are ignored",
		.packet = ANNOUNCE_RESPONSE_IPV4,
		.accept = true,
		.bytes = "0000000155667788000007080000000300000004c00002011ae1c63364fe1ae2010203",
		.transaction = 1432778632,
		.interval = 1800,
		.leechers = 3,
		.seeders = 4,
		.peers = "192.0.2.1 6881,198.51.100.254 6882",
	},
	{
		.name = "announce answer, ipv4, no peers",
		.packet = ANNOUNCE_RESPONSE_IPV4,
		.accept = true,
		.bytes = "0000000155667788000007080000000300000004",
		.transaction = 1432778632,
		.interval = 1800,
		.leechers = 3,
		.seeders = 4,
		.peers = "",
	},
	{
		.name = "announce answer, ipv4, 19 bytes",
		.packet = ANNOUNCE_RESPONSE_IPV4,
		.bytes = "00000001556677880000070800000003000000",
	},
	{
		.name = "announce answer, ipv6",
		.packet = ANNOUNCE_RESPONSE_IPV6,
		.accept = true,
		.bytes = "000000015566778800000708000000030000000420010db8000000000000000000000001"
		    "1ae120010db8ffff000000000000000000021ae2",
		.transaction = 1432778632,
		.interval = 1800,
		.leechers = 3,
		.seeders = 4,
		.peers = "2001:db8::1 6881,2001:db8:ffff::2 6882",
	},
	{
		.name = "announce answer, ipv6, bytes that are not a whole peer are ignored",
		.packet = ANNOUNCE_RESPONSE_IPV6,
		.accept = true,
		.bytes = "000000015566778800000708000000030000000420010db8000000000000000000000001"
		    "1ae120010db8ffff000000000000000000021ae2010203",
		.transaction = 1432778632,
		.interval = 1800,
		.leechers = 3,
		.seeders = 4,
		.peers = "2001:db8::1 6881,2001:db8:ffff::2 6882",
	},
	{
		.name = "announce answer, ipv6, no peers",
		.packet = ANNOUNCE_RESPONSE_IPV6,
		.accept = true,
		.bytes = "0000000155667788000007080000000300000004",
		.transaction = 1432778632,
		.interval = 1800,
		.leechers = 3,
		.seeders = 4,
		.peers = "",
	},
	{
		.name = "announce answer, ipv6, 19 bytes",
		.packet = ANNOUNCE_RESPONSE_IPV6,
		.bytes = "00000001556677880000070800000003000000",
	},
	{
		.name = "scrape",
		.packet = SCRAPE_REQUEST,
		.accept = true,
		.bytes = "01020304050607080000000200000009000102030405060708090a0b0c0d0e0f10111213"
		    "ffffffffffffffffffffffffffffffffffffffff",
		.connection = 0x0102030405060708,
		.transaction = 9,
		.count = 2,
	},
	{
		.name = "scrape, rest of a hash is ignored",
		.packet = SCRAPE_REQUEST,
		.accept = true,
		.bytes = "01020304050607080000000200000009000102030405060708090a0b0c0d0e0f10111213"
		    "ffffffffffffffffffffffffffffffffffffffff01010101010101",
		.connection = 0x0102030405060708,
		.transaction = 9,
		.count = 2,
	},
	{
		.name = "scrape without a hash",
		.packet = SCRAPE_REQUEST,
		.bytes = "01020304050607080000000200000009",
	},
	{
		.name = "scrape answer",
		.packet = SCRAPE_RESPONSE,
		.accept = true,
		.bytes = "0000000200000009000000050000006400000006000000000000000000000000",
		.transaction = 9,
		.count = 2,
		.numbers = { 5, 100, 6, 0, 0, 0 },
	},
	{
		.name = "error",
		.packet = ERROR_RESPONSE,
		.accept = true,
		.bytes = "0000000300000009436f6e6e656374696f6e204944206d69736d617463682e",
		.transaction = 9,
		.text = "Connection ID mismatch.",
	},
	{
		.name = "error without text",
		.packet = ERROR_RESPONSE,
		.accept = true,
		.bytes = "0000000300000009",
		.transaction = 9,
		.text = "",
	},
	{
		.name = "error, 7 bytes",
		.packet = ERROR_RESPONSE,
		.bytes = "00000003000000",
	},
};

#endif
