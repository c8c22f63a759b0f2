#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""libtorrent_peer.py TORRENT DIR ADDRESS PORT [upload limit in bytes/s] [stay|leave]

One libtorrent client. One line of JSON on stdout whenever its state has changed, alerts as `# ...`.
"""
import json
import signal
import sys
import time

import libtorrent as lt


def main():
    torrent, where, address, port, limit, stay = sys.argv[1:7]
    host = "[%s]" % address if ":" in address else address
    session = lt.session(
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
    handle = session.add_torrent({"ti": lt.torrent_info(torrent), "save_path": where})
    # The session's own limit leaves out peers on private networks.
    handle.set_upload_limit(int(limit))

    leaving = []
    told = None
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
        for alert in session.pop_alerts():
            print("# " + str(alert), flush=True)
        if status.is_seeding and stay == "leave":
            break
        time.sleep(0.25)

    session.pause()
    for _ in range(8):
        time.sleep(0.25)
        alerts = session.pop_alerts()
        for alert in alerts:
            print("# " + str(alert), flush=True)
        if any(isinstance(a, lt.tracker_reply_alert) for a in alerts):
            break


main()
