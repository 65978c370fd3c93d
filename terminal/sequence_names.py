"""What sequences are called in ECMA-48, by DEC and by xterm; for people who read bytes."""

from __future__ import annotations

C0_NAMES = {
    "\x00": "NUL", "\x05": "ENQ", "\x07": "BEL", "\x08": "BS", "\x09": "HT", "\x0a": "LF", "\x0b": "VT",
    "\x0c": "FF", "\x0d": "CR", "\x0e": "SO", "\x0f": "SI", "\x18": "CAN", "\x1a": "SUB", "\x7f": "DEL",
}  # fmt: skip

ESCAPE_NAMES = {
    "7": "DECSC save cursor", "8": "DECRC restore cursor", "=": "DECKPAM application keypad",
    ">": "DECKPNM numeric keypad", "D": "IND index", "E": "NEL next line", "H": "HTS set tab stop",
    "M": "RI reverse index", "N": "SS2 single shift G2", "O": "SS3 single shift G3", "Z": "DECID identify",
    "c": "RIS full reset", "n": "LS2 locking shift G2", "o": "LS3 locking shift G3", "#8": "DECALN screen alignment",
    "\\": "ST string terminator",
}  # fmt: skip

# Prefix, intermediates and final.
CSI_NAMES = {
    "@": "ICH insert characters", "A": "CUU cursor up", "B": "CUD cursor down", "C": "CUF cursor forward",
    "D": "CUB cursor back", "E": "CNL next line", "F": "CPL previous line", "G": "CHA column",
    "H": "CUP cursor position", "I": "CHT forward tabs", "J": "ED erase in display", "K": "EL erase in line",
    "L": "IL insert lines", "M": "DL delete lines", "P": "DCH delete characters", "S": "SU scroll up",
    "T": "SD scroll down", "X": "ECH erase characters", "Z": "CBT back tabs", "`": "HPA column",
    "^": "SD scroll down (ECMA)", "a": "HPR columns right", "b": "REP repeat", "c": "DA1 device attributes",
    "d": "VPA row", "e": "VPR rows down", "f": "HVP cursor position", "g": "TBC clear tab stop", "h": "SM set mode",
    "l": "RM reset mode", "m": "SGR graphic rendition", "n": "DSR status report", "r": "DECSTBM margins",
    "s": "SCOSC save cursor", "t": "XTWINOPS window", "u": "SCORC restore cursor", "x": "DECREQTPARM parameters",
    "?J": "DECSED selective erase in display", "?K": "DECSEL selective erase in line", "?h": "DECSET private mode",
    "?l": "DECRST private mode", "?n": "DSR private status", "?r": "XTRESTORE private modes",
    "?s": "XTSAVE private modes", "?u": "kitty: ask keyboard flags", ">u": "kitty: push keyboard flags",
    "<u": "kitty: pop keyboard flags", "=u": "kitty: set keyboard flags", ">c": "DA2 secondary attributes",
    "=c": "DA3 tertiary attributes", ">m": "XTMODKEYS key options", "?m": "XTQMODKEYS ask key options",
    ">q": "XTVERSION ask version", "$p": "DECRQM ask mode", "?$p": "DECRQM ask private mode",
    "!p": "DECSTR soft reset", '"q': "DECSCA character protection", '"p': "DECSCL conformance level",
    " q": "DECSCUSR cursor style", " @": "SL scroll left", " A": "SR scroll right", "'}": "DECIC insert columns",
    "'~": "DECDC delete columns", "?W": "DECST8C tab stops every eight", "?S": "XTSMGRAPHICS graphics",
    "$r": "DECCARA change rectangle", "$t": "DECRARA reverse rectangle", "$v": "DECCRA copy rectangle",
    "$x": "DECFRA fill rectangle", "$z": "DECERA erase rectangle", "i": "MC media copy",
    "q": "DECLL load LEDs",
}  # fmt: skip

OSC_NAMES = {
    "0": "title and icon name", "1": "icon name", "2": "title", "4": "palette colour", "7": "working directory",
    "8": "link", "9": "notification or progress", "10": "foreground colour", "11": "background colour",
    "12": "cursor colour", "22": "pointer shape", "52": "clipboard", "104": "reset palette",
    "110": "reset foreground", "111": "reset background", "112": "reset cursor colour",
    "133": "shell prompt marks", "633": "editor shell marks", "777": "notification", "1337": "iTerm2",
}  # fmt: skip
SWALLOWED_OSC = frozenset(OSC_NAMES) - {"0", "2", "4", "8", "10", "11", "12"}
"""Known, and without effect on a screen."""

STRING_NAMES = {
    "P": "DCS device control",
    "_": "APC application command",
    "^": "PM privacy message",
    "X": "SOS string",
}
DCS_NAMES = {"$q": "DECRQSS ask setting", "+q": "XTGETTCAP ask terminfo", "tmux;": "tmux passthrough"}
