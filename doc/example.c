/* SPDX-License-Identifier: ISC */
/* Downloads one torrent with libbtcore, and ends.
 * cc example.c $(pkg-config --cflags --libs btcore) */
#include <poll.h>
#include <stdio.h>

#include <btcore/metainfo.h>
#include <btcore/session.h>

/* Waits for events until the torrent is complete (0) or has failed (1). */
static int
wait_for_end(struct bt_session *session)
{
	struct pollfd pfd = { .fd = bt_session_fd(session), .events = POLLIN };
	struct bt_event *e;
	int status = -1;

	while (status < 0) {
		(void)poll(&pfd, 1, -1);
		while ((e = bt_session_next_event(session)) != NULL) {
			if (e->type == BT_EVENT_PIECE)
				printf("piece %u\n", e->as.piece.index);
			if (e->type == BT_EVENT_COMPLETE)
				status = 0;
			if (e->type == BT_EVENT_ERROR) {
				fprintf(stderr, "example: %s\n", e->text);
				status = 1;
			}
			bt_event_free(e);
		}
	}
	return status;
}

int
main(int argc, char **argv)
{
	struct bt_session *session = NULL;
	struct bt_metainfo *meta = NULL;
	struct bt_error err;
	uint32_t torrent;
	int status = 1;

	if (argc != 3) {
		fprintf(stderr, "usage: example FILE.torrent FOLDER\n");
		return 2;
	}
	if (bt_metainfo_open(argv[1], &meta, &err) != BT_OK ||
	    bt_session_new(NULL, NULL, NULL, &session, &err) != BT_OK ||
	    bt_session_add_metainfo(session, meta, argv[2], &torrent, &err) != BT_OK)
		fprintf(stderr, "example: %s\n", err.text);
	else
		status = wait_for_end(session);
	bt_session_free(session);
	bt_metainfo_free(meta);
	return status;
}
