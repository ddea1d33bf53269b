"""An XMPP client for tests: port, account at localhost, a file whose new lines it says, one for what it hears.
CHAT jid text, EDIT jid text (of the last one), JOIN room, ROOM room text."""
import asyncio, ssl, sys
import slixmpp

port, name, says, hears = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
heard = open(hears, "w", buffering=1)


class Client(slixmpp.ClientXMPP):
    def __init__(self):
        super().__init__(name + "@localhost/test", "secret-" + name)
        self.register_plugin("xep_0045")
        self.register_plugin("xep_0199")
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE
        self.last = None
        self.add_event_handler("session_start", self.start)
        self.add_event_handler("message", self.message)
        self.add_event_handler("groupchat_presence", self.presence)

    async def start(self, _):
        self.send_presence()
        heard.write("ready\n")
        asyncio.ensure_future(self.talk())

    def presence(self, p):
        if p["type"] in ("available", ""):
            heard.write(f"here {p['from']}\n")

    def message(self, m):
        where = m["from"] if m["type"] == "groupchat" else m["from"].bare
        heard.write(f"{m['type']} {where} {m['body']}\n")

    async def talk(self):
        at = 0
        while True:
            with open(says) as f:
                f.seek(at)
                new = f.read()
            new = new[: new.rfind("\n") + 1]
            at += len(new.encode())
            for line in new.splitlines():
                word, to, *text = line.split(" ", 2)
                if word == "JOIN":
                    await self.plugin["xep_0045"].join_muc_wait(to, name, timeout=20)
                    # A new room is as its owner wants it: open.
                    heard.write("joined\n")
                    continue
                m = self.make_message(mto=to, mbody=text[0], mtype="groupchat" if word == "ROOM" else "chat")
                m["id"] = self.new_id()
                if word == "EDIT":
                    m.append(slixmpp.xmlstream.ET.Element("{urn:xmpp:message-correct:0}replace", {"id": self.last}))
                m.send()
                self.last = m["id"]
            await asyncio.sleep(0.05)


c = Client()
c.connect(("127.0.0.1", port))
c.process(forever=True)
