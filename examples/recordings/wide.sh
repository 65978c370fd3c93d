# Wide characters, emoji, joined clusters, combining marks and line drawing.
printf '日本語 and 한국어 are two columns each.\n'
printf 'Emoji: 🦊 🐢 👩‍🚀 🏳️‍🌈 🇨🇭 ❤️ 1️⃣\n'
printf 'Combining: e\314\201 n\314\203 o\314\210\n'
printf '\033(0lqqqk\033(B boxes\n\033(0x\033(B狐 \033(0x\033(B\n\033(0mqqqj\033(B\n'
printf '\033[48;5;17m\033[38;2;255;200;0m colours: palette and RGB \033[m\n'
printf '\033]2;a title 狐\007'
printf 'Press enter. '
read -r _
printf 'Goodbye 👋\n'
