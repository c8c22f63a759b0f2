#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""libtorrent_peer.py TORRENT DIR ADDRESS PORT [upload limit in bytes/s] [stay|leave] [fast]

One libtorrent client. One line of JSON on stdout whenever its state has changed, alerts as `# ...`.
"""
import json
import signal
import sys
import time

import libtorrent as lt


class Announces:
    """Shows the alerts, and knows whether the tracker has heard all that there is to say."""

    def __init__(self, session):
        self.session = session
        self.unanswered = 0
        self.stopped = False

    def take_alerts(self):
        for alert in self.session.pop_alerts():
            print("# " + str(alert), flush=True)
            if isinstance(alert, lt.tracker_announce_alert):
                self.unanswered += 1
                self.stopped = "(stopped)" in str(alert)
            if isinstance(alert, (lt.tracker_reply_alert, lt.tracker_error_alert)):
                self.unanswered -= 1

    def wait(self, until):
        patience = time.monotonic() + 4
        while not until(self) and time.monotonic() < patience:
            self.session.wait_for_alert(250)
            self.take_alerts()


def main():
    torrent, where, address, port, limit, stay = sys.argv[1:7]
    host = "[%s]" % address if ":" in address else address
    settings = lt.high_performance_seed() if "fast" in sys.argv[7:] else {}
    settings.update(
        {
            "listen_interfaces": "%s:%s" % (host, port),
            "outgoing_interfaces": address,
            "enable_dht": False,
            "enable_lsd": False,
            "enable_upnp": False,
            "enable_natpmp": False,
            "allow_multiple_connections_per_ip": True,
            "ssrf_mitigation": False,
            "enable_outgoing_utp": False,
            "enable_incoming_utp": False,
            "alert_mask": lt.alert.category_t.error_notification
            | lt.alert.category_t.tracker_notification
            | lt.alert.category_t.status_notification
            | lt.alert.category_t.connect_notification,
        }
    )
    session = lt.session(settings)
    handle = session.add_torrent({"ti": lt.torrent_info(torrent), "save_path": where})
    # The session's own limit leaves out peers on private networks.
    handle.set_upload_limit(int(limit))

    leaving = []
    told = None
    announces = Announces(session)
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, lambda *_: leaving.append(True))
    while not leaving:
        status = handle.status()
        line = json.dumps(
            {
                "seeding": status.is_seeding,
                "progress": status.progress,
                "up": status.total_payload_upload,
                "down": status.total_payload_download,
                "peers": status.num_peers,
                "state": str(status.state),
                "failed_bytes": status.total_failed_bytes,
            }
        )
        if line != told:
            print(line, flush=True)
            told = line
        announces.take_alerts()
        if status.is_seeding and stay == "leave":
            break
        # At the end of a transfer an alert comes at once.
        session.wait_for_alert(250)

    # Without the answer to `completed` it would leave without `stopped`.
    announces.wait(lambda a: a.unanswered <= 0)
    session.pause()
    announces.wait(lambda a: a.stopped and a.unanswered <= 0)


main()
