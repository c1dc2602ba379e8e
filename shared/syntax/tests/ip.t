# -s -d -i -o -p, both families where an address does not decide.
:INPUT
-p tcp ; = ; OK
-p TCP ; -p tcp ; OK
-p 6 ; -p tcp ; OK
-ptcp ; -p tcp ; OK
--protocol=tcp ; -p tcp ; OK
--proto tcp ; -p tcp ; OK
-p 0x11 ; -p udp ; OK
-p gre ; = ; OK
-p 112 ; = ; OK
-p all ; ; OK
-p 0 ; ; OK
! -p udp ; = ; OK
! -p all ; ; FAIL
-p ! udp ; ; FAIL
-p 256 ; ; FAIL
-p nosuchprotocol ; ; FAIL
-p tcp -p udp ; ; FAIL
-i eth0 ; = ; OK
-i eth+ ; = ; OK
! -i eth+ ; = ; OK
-i + ; ; OK
! -i + ; = ; OK
-i a_name_15_bytes ; = ; OK
-i a_name_16_bytes_ ; ; FAIL
-i '' ; ; FAIL
-i 'eth 0' ; ; FAIL
-i eth/0 ; = ; OK
-i eth0 -i eth1 ; ; FAIL
-o eth0 ; ; FAIL
-j web ; = ; OK
-jweb ; -j web ; OK
--jump=web ; -j web ; OK
-g web ; = ; OK
--goto web ; -g web ; OK
-j ACCEPT ; = ; OK
-j DROP ; = ; OK
-j RETURN ; = ; OK
-j QUEUE ; ; FAIL
-j nosuchchain ; ; FAIL
-g nosuchchain ; ; FAIL
-g ACCEPT ; ; FAIL
-j INPUT ; ; FAIL
-j ACCEPT -p tcp ; -p tcp -j ACCEPT ; OK
! -j ACCEPT ; ; FAIL
-m nosuchmatch ; ; FAIL
-m state --state NEW ; ; FAIL
:FORWARD
-i eth0 -o eth1 ; = ; OK
-o ppp+ -i eth0 ; -i eth0 -o ppp+ ; OK
:OUTPUT
-o eth0 ; = ; OK
-i eth0 ; ; FAIL
%ipv4
:INPUT
-s 10.0.0.1 ; -s 10.0.0.1/32 ; OK
-s 10.1.2.3/8 ; -s 10.0.0.0/8 ; OK
-s10.0.0.1 ; -s 10.0.0.1/32 ; OK
--source=10.0.0.1 ; -s 10.0.0.1/32 ; OK
--src 10.0.0.1 --dst 10.0.0.2 ; -s 10.0.0.1/32 -d 10.0.0.2/32 ; OK
! -d 10.0.0.0/255.255.0.0 ; ! -d 10.0.0.0/16 ; OK
-s 10.0.0.0/255.0.255.0 ; = ; OK
-s 0.0.0.0/0 ; ; OK
! -s 0.0.0.0/0 ; = ; OK
-s 10 ; -s 10.0.0.0/32 ; OK
-s 10.0.0.1,10.0.0.2 ; -s 10.0.0.1/32 | -s 10.0.0.2/32 ; OK
-s 10.0.0.1,10.0.0.2 -d 1.1.1.1,2.2.2.2 -j DROP ; -s 10.0.0.1/32 -d 1.1.1.1/32 -j DROP | -s 10.0.0.1/32 -d 2.2.2.2/32 -j DROP | -s 10.0.0.2/32 -d 1.1.1.1/32 -j DROP | -s 10.0.0.2/32 -d 2.2.2.2/32 -j DROP ; OK
! -s 10.0.0.1,10.0.0.2 ; ; FAIL
-s 10.0.0.1/33 ; ; FAIL
-s 256.0.0.1 ; ; FAIL
-s example.org ; ; FAIL
-s 2001:db8::1 ; ; FAIL
-f ; = ; OK
! -f ; = ; OK
--fragments ; -f ; OK
%ipv6
:INPUT
-s 2001:DB8::1 ; -s 2001:db8::1/128 ; OK
-s 2001:db8::1/32 ; -s 2001:db8::/32 ; OK
-s ::/0 ; ; OK
! -s ::/0 ; = ; OK
-s 2001:db8::/ffff:ffff:: ; -s 2001:db8::/32 ; OK
-s fe80::1/ffff::ffff ; = ; OK
-s ::1.2.3.4 ; -s ::1.2.3.4/128 ; OK
-s ::1,::2 ; -s ::1/128 | -s ::2/128 ; OK
-s 2001:db8::/129 ; ; FAIL
-s 10.0.0.1 ; ; FAIL
-f ; ; FAIL
