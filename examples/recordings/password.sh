# Asks as login programs do: echo off before the prompt, canonical mode on.
printf 'Login: '
read -r name
stty -echo
printf 'Password: '
read -r password
stty echo
[ -n "$password" ] && printf '\nWelcome, %s.\n' "$name"
