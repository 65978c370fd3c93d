"""The rules for commands that take a secret as an argument: which command, and where the secret stands in it.

A command is an anchor; what follows it on its line is read up to the flag or the place of the secret.
"""

from __future__ import annotations

from scrub import likeness
from scrub.rules import Judge, Rule, compile_pattern
from scrub.written_words import PASSWORD

_SOURCE = "the manuals of these commands"
_REST = r"[^\r\n|;&]{0,120}?[ \t]"  # of the command, up to a flag
_BEFORE = r"(?<![\w./-])"


def _argument(value: bytes) -> bool:
    """What stands where a command takes its secret: no flag, no variable, no word of a manual."""
    return not value.startswith((b"-", b"/")) and likeness.is_password(value)


def _rule(name: str, commands: str, expression: str, accept: Judge = _argument) -> Rule:
    """`commands` separated by `¦`; the expression is for what follows one of them."""
    words = commands.split("¦")
    return Rule(
        name=name,
        tier="context",
        anchors=tuple(word.encode() for word in words),
        pattern=compile_pattern(rf"{_BEFORE}(?:{'|'.join(words)}){expression}", fold=True),
        accept=accept,
        source=_SOURCE,
        folded=True,
        reach=1024,
    )


def _flagged(commands: str, flags: str, gap: str = r"[ \t]?") -> Rule:
    """A secret right after one of the flags of a command, or after blanks."""
    return _rule("command-flag", commands, rf"{_REST}(?-i:{flags}){gap}[\"']?{PASSWORD}")


COMMAND_RULES = (
    _flagged(
        "sshpass¦docker login¦podman login¦helm registry login¦az login¦skopeo login¦buildah login", "-p|-w"
    ),
    _flagged(
        "mysql¦mysqldump¦mysqladmin¦mariadb¦cqlsh¦mongosh¦mongo ¦mongodump¦mongorestore¦clickhouse-client",
        "-p",
    ),
    _flagged("redis-cli¦keydb-cli¦valkey-cli", "-a"),
    _flagged("sqlcmd¦bcp ¦isql¦tsql¦mosquitto_pub¦mosquitto_sub¦ipmitool¦unzip¦zip ¦kinit", "-P"),
    _flagged("7z ¦7za ¦unrar¦rar ", "-p|-hp", gap=""),
    _flagged("ldapsearch¦ldapmodify¦ldapadd¦ldapwhoami¦ldapdelete", "-w"),
    _flagged("plink¦pscp¦psftp", "-pw", gap=r"[ \t]"),
    _flagged("psexec¦rdesktop¦evil-winrm¦crackmapexec¦netexec¦smbmap¦winexe", "-p"),
    _flagged("snmpwalk¦snmpget¦snmpset¦snmpbulkwalk", "-A|-X|-c", gap=r"[ \t]"),
    _flagged("openssl enc¦openssl aes", "-k|-K|-pass pass:", gap=r"[ \t]?"),
    _flagged("xfreerdp¦wfreerdp¦mstsc", "/p:", gap=""),
    _flagged("doctl auth¦linode-cli¦hcloud", "-t", gap=r"[ \t]"),
    _flagged("gh secret set¦gh variable set", "--body|-b", gap=r"[ \t=]"),
    _rule(
        "command-user",
        "smbclient¦rpcclient¦mount.cifs¦net rpc",
        rf"{_REST}-U[ \t]?[\"']?[^\s%\"']{{1,64}}%{PASSWORD}",
    ),
    _rule("command-user", "lftp", rf"{_REST}-u[ \t]?[\"']?[^\s,\"']{{1,64}},{PASSWORD}"),
    _rule(
        "command-user",
        "sqlplus",
        rf"[ \t]{{1,4}}(?:-\w{{1,4}}[ \t]{{1,4}}){{0,3}}[\"']?[\w.-]{{1,64}}/{PASSWORD}",
    ),
    _rule("command-place", "vault login¦bw unlock¦op signin", rf"[ \t]{{1,4}}(?:token=)?[\"']?{PASSWORD}"),
    _rule(
        "command-place",
        "rabbitmqctl add_user¦rabbitmqctl change_password¦rabbitmqctl authenticate_user¦smbpasswd -a",
        rf"[ \t]{{1,4}}[\"']?[\w.@-]{{1,64}}[\"']?[ \t]{{1,4}}[\"']?{PASSWORD}",
    ),
    _rule(
        "command-place",
        "htpasswd",
        rf"[ \t]{{1,4}}-[a-zA-Z]{{0,6}}b[a-zA-Z]{{0,6}}(?:[ \t]{{1,4}}-\S{{1,8}}){{0,3}}"
        rf"[ \t]{{1,4}}\S{{1,120}}[ \t]{{1,4}}[\w.@-]{{1,64}}[ \t]{{1,4}}[\"']?{PASSWORD}",
    ),
    _rule("command-place", "net use", rf"[^\r\n|;&]{{0,120}}?/user:\S{{1,80}}[ \t]{{1,4}}[\"']?{PASSWORD}"),
    _rule(
        "command-input",
        "echo¦printf",
        rf"[ \t]{{1,4}}(?:-[neE]{{1,3}}[ \t]{{1,4}}|['\"]?%s(?:\\n)?['\"]?[ \t]{{1,4}})?[\"']?{PASSWORD}"
        r"[\"']?[ \t]{0,4}\|[ \t]{0,4}"
        r"(?:sudo[ \t]{1,4}(?:-\w{1,8}[ \t]{1,4}){0,4}?-\w{0,6}S|docker login|podman login|passwd|chpasswd|cryptsetup"
        r"|gpg|kinit|su\b|openssl|smbpasswd|mount|gh auth|npm login|helm registry|vault|skopeo)",
    ),
    _rule(
        "command-setting",
        "requirepass¦masterauth¦rootpw¦enable secret¦enable password¦set password¦wpa_passphrase",
        r"[ \t]{1,8}(?:--\w{1,16}[ \t]{1,4}|\d[ \t]{1,4})?(?:for[ \t]{1,4}\S{1,40}[ \t]{0,4})?"
        rf"[:=]?[ \t]{{0,4}}[\"']?{PASSWORD}",
    ),
)
