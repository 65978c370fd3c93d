# Asks as login programs do: echo off, canonical mode on.
printf 'Login: '
read -r name
printf 'Password: '
stty -echo
read -r password
stty echo
[ -n "$password" ] && printf '\nWelcome, %s.\n' "$name"
