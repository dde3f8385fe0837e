/* SPDX-License-Identifier: GPL-2.0 */
/* What test_picture.c expects to be drawn, column by column. */
#ifndef DRAWINGS_H
#define DRAWINGS_H

/* What several begin or end with. */
#define HANDSHAKE \
"00:00:01.000000          CLOSED |                                 | LISTEN\n" \
"                       SYN-SENT |-------- SYN seq 0 ---------.    |\n" \
" 0.000090 +90.0 us              |                            '--->| SYN-RECEIVED\n" \
"                                |                  SYN queue 1/64 |\n" \
" 0.000140 +50.0 us  ESTABLISHED |<----- SYN+ACK seq 0 ack 1 ------|\n" \
"                                | handshake 140 us                |\n" \
" 0.000190 +50.0 us              |-------- ACK seq 1 ack 1 ------->| ESTABLISHED\n" \
"                                |              accept queue 1/64, |\n" \
"                                |                handshake 190 us |\n"

#define HANDSHAKE_NARROW \
"00:00:01.000000\n" \
"          | CLOSED              LISTEN |\n" \
"          |------ SYN seq 0 ------.    |\n" \
"          | SYN-SENT              |    |\n" \
" 0.000090 |                       '--->|\n" \
"          |               SYN-RECEIVED |\n" \
"          |             SYN queue 1/64 |\n" \
" 0.000140 |<-- SYN+ACK seq 0 ack 1 ----|\n" \
"          | ESTABLISHED                |\n" \
"          | handshake 140 us           |\n" \
" 0.000190 |----- ACK seq 1 ack 1 ----->|\n" \
"          |                ESTABLISHED |\n" \
"          |         accept queue 1/64, |\n" \
"          |           handshake 190 us |\n"

#define REFUSED \
"                           cu<r&l[209]                 not seen from here\n" \
"                             conn a\n" \
"00:00:01.000000          CLOSED |                               :\n" \
"                       SYN-SENT |---------- SYN seq 0 .........>:\n" \
" 0.001274 +1.27 ms       CLOSED |<---- RST+ACK seq 0 ack 1 .....: (CLOSED)\n" \
"                                | seq not relative              :\n" \
" 0.001370 +96.0 us              | connect() failed in 1.37 ms,  :\n" \
"                                | refused by RST                :\n" \
": . not seen from here; (STATES) are read from the segments\n"

static const char loopback_drawn[] =
"                         10.0.0.1:40001                     10.0.0.2:443\n"
"                           cu<r&l[209]                       nginx[209]\n"
"                             conn a                            conn b\n"
HANDSHAKE
" 0.001190 +1.00 ms              |         accept() by nginx[209], |\n"
"                                |                  waited 1.00 ms |\n"
"                                |< -> 78 B  <- 161 B in 4.81 ms =>|\n"
" 0.005000 +3.81 ms   FIN-WAIT-1 |-- FIN+ACK seq 79 ack 162 --.    |\n"
" 0.005030 +30.0 us              |                            '--->| CLOSE-WAIT\n"
" 0.005060 +30.0 us   FIN-WAIT-2 |<----- ACK seq 162 ack 80 -------|\n"
"                                |<===== <- 37 B in 1.97 ms =======|\n"
" 0.007000 +1.94 ms              |    .-- FIN+ACK seq 199 ack 80 --| LAST-ACK\n"
" 0.007030 +30.0 us    TIME-WAIT |<---'                            |\n"
"                                |---- ACK seq 80 ack 200 ----.    |\n"
"                                | lived 7.03 ms              |    |\n"
" 0.007060 +30.0 us              |                            '--->| CLOSED\n"
"                                |                   lived 6.97 ms |\n"
"60.067030   +1m00s       CLOSED | TIME-WAIT took 1m00s, expired   |\n";

static const char client_drawn[] =
"                         10.0.0.1:40001                   10.0.0.2:443\n"
"                           cu<r&l[209]                 not seen from here\n"
"                             conn a\n"
"00:00:01.000000          CLOSED |                               :\n"
"                       SYN-SENT |---------- SYN seq 0 .........>:\n"
" 1.005631  +1.00 s              |---------- SYN seq 0 .......>>>:\n"
"                                | resend 1                      :\n"
" 1.008439 +2.80 ms  ESTABLISHED |<---- SYN+ACK seq 0 ack 1 .....: (SYN-RECEIVED)\n"
"                                | handshake 1.00 s              :\n"
"                                |------- ACK seq 1 ack 1 ......>:\n"
"                                | -> 78 B  <- 161 B in 41.5 ms  :\n"
"                                |<=============================>:\n"
" 1.050000 +41.5 ms   FIN-WAIT-1 |--- FIN+ACK seq 79 ack 162 ...>:\n"
" 1.080000 +30.0 ms   FIN-WAIT-2 |<-- FIN+ACK seq 162 ack 80 ....: (LAST-ACK)\n"
"                      TIME-WAIT |----- ACK seq 80 ack 163 .....>:\n"
"                                | lived 1.08 s                  :\n"
" 2.580000  +1.50 s              | TIME-WAIT for 1.50 s now      :\n"
": . not seen from here; (STATES) are read from the segments\n";

static const char server_drawn[] =
"                           10.0.0.1:40001                   10.0.0.2:443\n"
"                         not seen from here               process not known\n"
"                                                               conn b\n"
"00:00:01.000000                   :                               | LISTEN\n"
"                       (SYN-SENT) :.......... SYN seq 0 --------->| SYN-RECEIVED\n"
"                                  :                SYN queue 1/64 |\n"
"                                  :<.... SYN+ACK seq 0 ack 1 -----|\n"
" 0.000760  +760 us  (ESTABLISHED) :....... ACK seq 1 ack 1 ------>| ESTABLISHED\n"
"                                  :            accept queue 1/64, |\n"
"                                  :              handshake 760 us |\n"
"                                  :<===== no data in 909 us =====>|\n"
" 0.001669  +909 us   (FIN-WAIT-1) :..... FIN+ACK seq 1 ack 1 ---->| CLOSE-WAIT\n"
"                                  :<......... ACK ack 2 ----------|\n"
" 0.007176 +5.50 ms                :<.... FIN+ACK seq 1 ack 2 -----| LAST-ACK\n"
" 0.010843 +3.66 ms    (TIME-WAIT) :....... ACK seq 2 ack 2 ------>| CLOSED\n"
"                                  :                 lived 10.8 ms |\n"
": . not seen from here; (STATES) are read from the segments\n";

static const char in_vain_drawn[] =
"                           10.0.0.1:40001                   10.0.0.2:443\n"
"                         not seen from here               process not known\n"
"                                                               conn b\n"
"00:00:01.000000                   :                               | LISTEN\n"
"                       (SYN-SENT) :.......... SYN seq 0 --------->| SYN-RECEIVED\n"
"                                  :                SYN queue 1/64 |\n"
"                                  :<.... SYN+ACK seq 0 ack 1 -----|\n"
" 0.000760  +760 us  (ESTABLISHED) :....... ACK seq 1 ack 1 ------>| ESTABLISHED\n"
"                                  :            accept queue 1/64, |\n"
"                                  :              handshake 760 us |\n"
"                                  :< no data confirmed in 7.77 s >|\n"
" 7.780000  +7.77 s                :                    timed out, | CLOSED\n"
"                                  :    lived 7.78 s, 5 sent again |\n"
": . not seen from here; (STATES) are read from the segments\n";

static const char closed_in_vain_drawn[] =
"                           10.0.0.1:40001                   10.0.0.2:443\n"
"                         not seen from here               process not known\n"
"                                                               conn b\n"
"00:00:01.000000                   :                               | LISTEN\n"
"                       (SYN-SENT) :.......... SYN seq 0 --------->| SYN-RECEIVED\n"
"                                  :                SYN queue 1/64 |\n"
"                                  :<.... SYN+ACK seq 0 ack 1 -----|\n"
" 0.000760  +760 us  (ESTABLISHED) :....... ACK seq 1 ack 1 ------>| ESTABLISHED\n"
"                                  :            accept queue 1/64, |\n"
"                                  :              handshake 760 us |\n"
"                                  : no data confirmed in 8.24 ms  |\n"
"                                  :<=============================>|\n"
" 0.009000 +8.24 ms                :<... FIN+ACK seq 15 ack 1 -----| FIN-WAIT-1\n"
" 7.780000  +7.77 s                :                    timed out, | CLOSED\n"
"                                  :    lived 7.78 s, 6 sent again |\n"
": . not seen from here; (STATES) are read from the segments\n";

static const char refused_drawn[] =
"                         10.0.0.1:40001                   10.0.0.2:443\n"
REFUSED;

static const char expired_drawn[] =
"                           10.0.0.1:40001                   10.0.0.2:443\n"
"                         not seen from here               process not known\n"
"                                                               conn b\n"
"00:00:01.000000                   :                               | LISTEN\n"
"                       (SYN-SENT) :.......... SYN seq 0 --------->| SYN-RECEIVED\n"
"                                  :                SYN queue 1/64 |\n"
"                                  :<.... SYN+ACK seq 0 ack 1 -----|\n"
" 1.012937  +1.01 s                :<<<.. SYN+ACK seq 0 ack 1 -----|\n"
"                                  :                      resend 1 |\n"
" 3.028620  +2.01 s                :     request expired in 3.02 s | CLOSED\n"
": . not seen from here; (STATES) are read from the segments\n";

static const char crossing_drawn[] =
"                         10.0.0.1:40001                     10.0.0.2:443\n"
"                           cu<r&l[209]                    process not known\n"
"                             conn a                            conn b\n"
"00:00:01.000000          CLOSED |                                 | LISTEN\n"
"                       SYN-SENT |-------- SYN seq 0 ---------.    |\n"
" 0.050000 +50.0 ms              |                            '--->| SYN-RECEIVED\n"
"                                |                  SYN queue 1/64 |\n"
" 0.100000 +50.0 ms  ESTABLISHED |<----- SYN+ACK seq 0 ack 1 ------|\n"
"                                | handshake 100 ms                |\n"
" 0.150000 +50.0 ms              |-------- ACK seq 1 ack 1 ------->| ESTABLISHED\n"
"                                |              accept queue 1/64, |\n"
"                                |                handshake 150 ms |\n"
"                                |<===== no data in 50.0 ms ======>|\n"
" 0.200000 +50.0 ms   FIN-WAIT-1 |--- FIN+ACK seq 1 ack 1 ----.    |\n"
" 0.210000 +10.0 ms              |    .- FIN+ACK seq 1 ack 1 -+----| FIN-WAIT-1\n"
" 0.250000 +40.0 ms              |    |                       '--->| CLOSING\n"
" 0.260000 +10.0 ms      CLOSING |<---'                            |\n"
" 0.300000 +40.0 ms    TIME-WAIT |<------- ACK seq 2 ack 2 --------|\n"
"                                | lived 300 ms                    |\n"
" 0.310000 +10.0 ms              |-------- ACK seq 2 ack 2 ------->| TIME-WAIT\n"
"                                |                    lived 260 ms |\n"
" 1.810000  +1.50 s              | TIME-WAIT for 1.51 s now        |\n"
"                                |        TIME-WAIT for 1.50 s now |\n";

static const char overflow_drawn[] =
"                           10.0.0.1:40001                   10.0.0.2:443\n"
"                         not seen from here               process not known\n"
"                                                               conn b\n"
"00:00:01.000000                   :                               | LISTEN\n"
"                       (SYN-SENT) :.......... SYN seq 0 --------->| SYN-RECEIVED\n"
"                                  :                SYN queue 1/64 |\n"
"                                  :<.... SYN+ACK seq 0 ack 1 -----|\n"
" 0.051956 +51.9 ms  (ESTABLISHED) :....... ACK seq 1 ack 1 ------x|\n"
"                                  :   dropped: accept queue full, |\n"
"                                  :                       holds 2 |\n"
" 0.052356  +400 us                :<......... RST seq 1 ----------|\n"
"                                  :             accept queue full |\n"
" 0.055238 +2.88 ms                :     request ended in 55.2 ms, | CLOSED\n"
"                                  :             accept queue full |\n"
": . not seen from here; (STATES) are read from the segments\n";

static const char lost_drawn[] =
"                         10.0.0.1:40001                     10.0.0.2:443\n"
"                           cu<r&l[209]                    process not known\n"
"                             conn a                            conn b\n"
"00:00:01.000000          CLOSED |                                 | LISTEN\n"
"                       SYN-SENT |----- SYN seq 0 ------x          |\n"
" 1.000000  +1.00 s              |-------- SYN seq 0 ---------.    |\n"
"                                | resend 1                   |    |\n"
" 1.000100  +100 us              |                            '---x|\n"
"                                |        dropped: SYN queue full, |\n"
"                                |                         holds 3 |\n"
" 3.000000  +1.99 s              |-------- SYN seq 0 ---------.    |\n"
"                                | resend 2                   |    |\n"
" 3.000100  +100 us              |                            '->>>| SYN-RECEIVED\n"
"                                |                  SYN queue 1/64 |\n"
" 3.000200  +100 us  ESTABLISHED |<----- SYN+ACK seq 0 ack 1 ------|\n"
"                                | handshake 3.00 s                |\n"
" 3.000300  +100 us              |-------- ACK seq 1 ack 1 ------->| ESTABLISHED\n"
"                                |              accept queue 1/64, |\n"
"                                |                handshake 3.00 s |\n"
" 4.500300  +1.50 s              |<===== open for 1.50 s now =====>|\n";

static const char cookie_drawn[] =
"                           10.0.0.1:40001                   10.0.0.2:443\n"
"                         not seen from here               process not known\n"
"                                                               conn b\n"
"00:00:01.000000                   :                               | LISTEN\n"
"                       (SYN-SENT) :.......... SYN seq 0 --------->|\n"
"                                  :               SYN queue full, |\n"
"                                  :      answered by a SYN cookie |\n"
"                                  :<.... SYN+ACK seq 0 ack 1 -----|\n"
" 0.012955 +12.9 ms  (ESTABLISHED) :... ACK seq 1 ack 1 len 41 --->| ESTABLISHED\n"
"                                  :          the cookie is valid, |\n"
"                                  :             accept queue 1/64 |\n"
" 1.513200  +1.50 s                :<==== open for 1.50 s now ====>|\n"
": . not seen from here; (STATES) are read from the segments\n";

static const char fastopen_drawn[] =
"                           10.0.0.1:40001                   10.0.0.2:443\n"
"                         not seen from here                  nginx[209]\n"
"                                                               conn b\n"
"00:00:01.000000                   :                               | LISTEN\n"
"                       (SYN-SENT) :.......... SYN seq 0 --------->| SYN-RECEIVED\n"
"                                  : TCP Fast Open, SYN queue 0/64 |\n"
"                                  :<....... SYN+ACK seq 0 --------|\n"
"                                  :             accept queue 1/64 |\n"
" 0.000933  +933 us                :       accept() by nginx[209], |\n"
"                                  :                 waited 933 us |\n"
" 0.006246 +5.31 ms  (ESTABLISHED) :...... ACK seq 72 ack 1 ------>| ESTABLISHED\n"
"                                  :  handshake 6.24 ms, 71 B came |\n"
"                                  :                  with the SYN |\n"
" 1.506246  +1.50 s                :<==== open for 1.50 s now ====>|\n"
": . not seen from here; (STATES) are read from the segments\n";

static const char adopted_drawn[] =
"                         10.0.0.1:40001                     10.0.0.2:443\n"
"                        process not known                 process not known\n"
"                             conn a                            conn b\n"
"00:00:01.000000     ESTABLISHED |     older than the module,      | ESTABLISHED\n"
"                                |   not seen from its beginning   |\n"
"                                |<====== -> 11 B  <- 13 B =======>|\n"
"                                |  RST+ACK seq 4000000001 ack 18  |\n"
"                         CLOSED |----------------------------.    |\n"
"                                | seq and ack not relative,  |    |\n"
"                                | killed by an administrator |    |\n"
" 0.000020 +20.0 us              |                            '--->| CLOSED\n";

static const char long_drawn[] =
"         [a1a1:a1a1:a1a1:a1a1:a1a1:a1a1:a1a1:a1a1]:40001\n"
"                                   [a2a2:a2a2:a2a2:a2a2:a2a2:a2a2:a2a2:a2a2]:443\n"
REFUSED;

static const char followed_drawn[] =
"                         10.0.0.1:40001                   10.0.0.2:443\n"
"                           cu<r&l[209]                 not seen from here\n"
"                             conn a\n"
"00:00:01.000000          CLOSED |                               :\n"
"                       SYN-SENT |---------- SYN seq 0 .........>:\n"
" 0.050000 +50.0 ms              |                          '--->| SYN-RECEIVED\n"
"                                |                SYN queue 1/64 |\n"
"                                |<.... SYN+ACK seq 0 ack 1 -----|\n"
" 0.100000 +50.0 ms  ESTABLISHED |<---'                          |\n"
"                                | handshake 100 ms              |\n"
"                                |------- ACK seq 1 ack 1 ......>|\n"
" 0.150000 +50.0 ms              |                          '--->|\n"
"                                |             accept queue 1/64 |\n"
"                                |              handshake 150 ms | ESTABLISHED\n"
"                                |< bytes not known in 50.0 ms =>|\n"
" 0.200000 +50.0 ms   FIN-WAIT-1 |----- FIN+ACK seq 1 ack 1 ....>|\n"
" 0.210000 +10.0 ms              |<.... FIN+ACK seq 1 ack 1 -----| FIN-WAIT-1\n"
" 0.250000 +40.0 ms              |                          '--->| CLOSING\n"
"                                |<...... ACK seq 2 ack 2 -------|\n"
" 0.260000 +10.0 ms      CLOSING |<---'                          |\n"
"                                |------- ACK seq 2 ack 2 ......>|\n"
" 0.300000 +40.0 ms    TIME-WAIT |<---'                          |\n"
"                                | lived 300 ms, no data         |\n"
" 0.310000 +10.0 ms              |                          '--->| TIME-WAIT\n"
"                                |                  lived 260 ms |\n";

static const char loopback_narrow[] =
"   10.0.0.1:40001           10.0.0.2:443\n"
"     cu<r&l[209]              nginx[209]\n"
"       conn a                     conn b\n"
HANDSHAKE_NARROW
" 0.001190 |    accept() by nginx[209], |\n"
"          |             waited 1.00 ms |\n"
"          |    -> 78 B  <- 161 B in    |\n"
"          |          4.81 ms           |\n"
"          |<==========================>|\n"
"          |   FIN+ACK seq 79 ack 162   |\n"
" 0.005000 |-----------------------.    |\n"
"          | FIN-WAIT-1            |    |\n"
" 0.005030 |                       '--->|\n"
"          |                 CLOSE-WAIT |\n"
" 0.005060 |<--- ACK seq 162 ack 80 ----|\n"
"          | FIN-WAIT-2                 |\n"
"          |<=== <- 37 B in 1.97 ms ====|\n"
"          |   FIN+ACK seq 199 ack 80   |\n"
" 0.007000 |    .-----------------------|\n"
"          |    |              LAST-ACK |\n"
" 0.007030 |<---'                       |\n"
"          | TIME-WAIT                  |\n"
"          |- ACK seq 80 ack 200 --.    |\n"
"          | lived 7.03 ms         |    |\n"
" 0.007060 |                       '--->|\n"
"          |                     CLOSED |\n"
"          |              lived 6.97 ms |\n"
"60.067030 | CLOSED                     |\n"
"          | TIME-WAIT took 1m00s,      |\n"
"          | expired                    |\n";

static const char client_narrow[] =
"   10.0.0.1:40001           10.0.0.2:443\n"
"     cu<r&l[209]      not seen from here\n"
"       conn a\n"
"00:00:01.000000\n"
"          | CLOSED                     :\n"
"          |-------- SYN seq 0 ........>:\n"
"          | SYN-SENT                   :\n"
" 1.005631 |-------- SYN seq 0 ......>>>:\n"
"          | resend 1                   :\n"
" 1.008439 |<-- SYN+ACK seq 0 ack 1 ....:\n"
"          | ESTABLISHED                :\n"
"          |             (SYN-RECEIVED) :\n"
"          | handshake 1.00 s           :\n"
"          |----- ACK seq 1 ack 1 .....>:\n"
"          |    -> 78 B  <- 161 B in    :\n"
"          |          41.5 ms           :\n"
"          |<==========================>:\n"
" 1.050000 |-- FIN+ACK seq 79 ack 162 .>:\n"
"          | FIN-WAIT-1                 :\n"
" 1.080000 |<- FIN+ACK seq 162 ack 80 ..:\n"
"          | FIN-WAIT-2      (LAST-ACK) :\n"
"          |---- ACK seq 80 ack 163 ...>:\n"
"          | TIME-WAIT                  :\n"
"          | lived 1.08 s               :\n"
" 2.580000 | TIME-WAIT for 1.50 s now   :\n"
": . not seen from here\n"
"(STATES) read from the segments\n";

static const char crossing_narrow[] =
"   10.0.0.1:40001           10.0.0.2:443\n"
"     cu<r&l[209]       process not known\n"
"       conn a                     conn b\n"
"00:00:01.000000\n"
"          | CLOSED              LISTEN |\n"
"          |------ SYN seq 0 ------.    |\n"
"          | SYN-SENT              |    |\n"
" 0.050000 |                       '--->|\n"
"          |               SYN-RECEIVED |\n"
"          |             SYN queue 1/64 |\n"
" 0.100000 |<-- SYN+ACK seq 0 ack 1 ----|\n"
"          | ESTABLISHED                |\n"
"          | handshake 100 ms           |\n"
" 0.150000 |----- ACK seq 1 ack 1 ----->|\n"
"          |                ESTABLISHED |\n"
"          |         accept queue 1/64, |\n"
"          |           handshake 150 ms |\n"
"          |<=== no data in 50.0 ms ===>|\n"
" 0.200000 |- FIN+ACK seq 1 ack 1 -.    |\n"
"          | FIN-WAIT-1            |    |\n"
"          |  FIN+ACK seq 1 ack 1  |    |\n"
" 0.210000 |    .------------------+----|\n"
"          |    |       FIN-WAIT-1 |    |\n"
" 0.250000 |    |                  '--->|\n"
"          |    |               CLOSING |\n"
" 0.260000 |<---'                       |\n"
"          | CLOSING                    |\n"
" 0.300000 |<---- ACK seq 2 ack 2 ------|\n"
"          | TIME-WAIT                  |\n"
"          | lived 300 ms               |\n"
" 0.310000 |----- ACK seq 2 ack 2 ----->|\n"
"          |                  TIME-WAIT |\n"
"          |               lived 260 ms |\n"
" 1.810000 | TIME-WAIT for 1.51 s now   |\n"
"          |   TIME-WAIT for 1.50 s now |\n";

static const char lost_narrow[] =
"   10.0.0.1:40001           10.0.0.2:443\n"
"     cu<r&l[209]       process not known\n"
"       conn a                     conn b\n"
"00:00:01.000000\n"
"          | CLOSED              LISTEN |\n"
"          |--- SYN seq 0 ----x         |\n"
"          | SYN-SENT                   |\n"
" 1.000000 |------ SYN seq 0 ------.    |\n"
"          | resend 1              |    |\n"
" 1.000100 |                       '---x|\n"
"          |   dropped: SYN queue full, |\n"
"          |                    holds 3 |\n"
" 3.000000 |------ SYN seq 0 ------.    |\n"
"          | resend 2              |    |\n"
" 3.000100 |                       '->>>|\n"
"          |               SYN-RECEIVED |\n"
"          |             SYN queue 1/64 |\n"
" 3.000200 |<-- SYN+ACK seq 0 ack 1 ----|\n"
"          | ESTABLISHED                |\n"
"          | handshake 3.00 s           |\n"
" 3.000300 |----- ACK seq 1 ack 1 ----->|\n"
"          |                ESTABLISHED |\n"
"          |         accept queue 1/64, |\n"
"          |           handshake 3.00 s |\n"
" 4.500300 |<== open for 1.50 s now ===>|\n";

static const char gave_up_drawn[] =
"                         10.0.0.1:40001                   10.0.0.2:443\n"
"                           cu<r&l[209]                 not seen from here\n"
"                             conn a\n"
"00:00:01.000000          CLOSED |                               :\n"
"                       SYN-SENT |---------- SYN seq 0 .........>:\n"
" 1.005631  +1.00 s              |---------- SYN seq 0 .......>>>:\n"
"                                | resend 1                      :\n"
" 2.500000  +1.49 s       CLOSED | cu<r&l[209] gave up after     :\n"
"                                | 2.50 s: no SYN+ACK            :\n"
": . not seen from here\n";

static const char dropped_drawn[] =
"                           10.0.0.1:40001                   10.0.0.2:443\n"
"                         not seen from here          listener, process not known\n"
"                                                             listener 7\n"
"00:00:01.000000                   :                               | LISTEN\n"
"                       (SYN-SENT) :.......... SYN seq 0 ---------x|\n"
"                                  :   dropped: accept queue full, |\n"
"                                  :                       holds 2 |\n"
": . not seen from here; (STATES) are read from the segments\n";

static const char late_accept_drawn[] =
"                         10.0.0.1:40001                     10.0.0.2:443\n"
"                           cu<r&l[209]                       nginx[209]\n"
"                             conn a                            conn b\n"
HANDSHAKE
"                                |<= bytes not known in 4.81 ms ==>|\n"
" 0.005000 +4.81 ms   FIN-WAIT-1 |--- FIN+ACK seq 1 ack 1 ----.    |\n"
" 0.005010 +10.0 us              |    accept() by nginx[209], |    |\n"
"                                |             waited 4.82 ms |    |\n"
" 0.005030 +20.0 us              |                            '--->| CLOSE-WAIT\n"
" 1.505030  +1.50 s              | FIN-WAIT-1 for 1.50 s now       |\n"
"                                |       CLOSE-WAIT for 1.50 s now |\n";

static const char long_narrow[] =
"[a1a1:a1a1:a1a1:a1a1:a1a1:a1a1:a1a1:\n"
"     a1a1]:40001\n"
"    [a2a2:a2a2:a2a2:a2a2:a2a2:a2a2:a2a2:\n"
"                               a2a2]:443\n"
"     cu<r&l[209]      not seen from here\n"
"       conn a\n"
"00:00:01.000000\n"
"          | CLOSED                     :\n"
"          |-------- SYN seq 0 ........>:\n"
"          | SYN-SENT                   :\n"
" 0.001274 |<-- RST+ACK seq 0 ack 1 ....:\n"
"          | CLOSED            (CLOSED) :\n"
"          | seq not relative           :\n"
" 0.001370 | connect() failed in        :\n"
"          | 1.37 ms, refused by RST    :\n"
": . not seen from here\n"
"(STATES) read from the segments\n";

static const char nat_drawn[] =
"                         10.0.0.1:40001                     10.0.0.2:443\n"
"                         to 10.0.0.9:80                  from 10.0.0.1:40001\n"
"                           cu<r&l[209]                    process not known\n"
"                             conn a                            conn b\n"
HANDSHAKE
"                                |< -> 78 B  <- 161 B in 4.81 ms =>|\n"
" 0.005000 +4.81 ms       CLOSED |-- RST+ACK seq 79 ack 162 --.    |\n"
"                                | close(): SO_LINGER 0, or   |    |\n"
"                                | TCP_LINGER2 < 0            |    |\n"
"                                | lived 5.00 ms              |    |\n"
" 0.005030 +30.0 us              |                            '--->| CLOSED\n"
"                                |                   lived 4.94 ms |\n";

static const char nat_narrow[] =
"   10.0.0.1:40001           10.0.0.2:443\n"
"   to 10.0.0.9:80    from 10.0.0.1:40001\n"
"     cu<r&l[209]       process not known\n"
"       conn a                     conn b\n"
HANDSHAKE_NARROW
"          |    -> 78 B  <- 161 B in    |\n"
"          |          4.81 ms           |\n"
"          |<==========================>|\n"
"          |   RST+ACK seq 79 ack 162   |\n"
" 0.005000 |-----------------------.    |\n"
"          | CLOSED                |    |\n"
"          | close():              |    |\n"
"          | SO_LINGER 0, or       |    |\n"
"          | TCP_LINGER2 < 0       |    |\n"
"          | lived 5.00 ms         |    |\n"
" 0.005030 |                       '--->|\n"
"          |                     CLOSED |\n"
"          |              lived 4.94 ms |\n";

static const char nat_refused_drawn[] =
"                         10.0.0.1:40001                     10.0.0.2:443\n"
"                         to 10.0.0.9:80                  from 10.0.0.1:40001\n"
"                           cu<r&l[209]                        no socket\n"
"                             conn a\n"
"00:00:01.000000          CLOSED |                                 | CLOSED\n"
"                       SYN-SENT |----------- SYN seq 0 ..........>|\n"
" 0.000090 +90.0 us              |    .--- RST+ACK seq 0 ack 1 ----|\n"
"                                |    |       seq not relative, no |\n"
"                                |    |    socket has this address |\n"
"                                |    |                   and port |\n"
" 0.000140 +50.0 us       CLOSED |<---'                            |\n"
" 0.000150 +10.0 us              | connect() failed in 150 us,     |\n"
"                                | refused by RST                  |\n"
": . not seen from here\n";

static const char self_drawn[] =
"                         10.0.0.1:40001\n"
"                       connected to itself\n"
"                           cu<r&l[209]\n"
"                             conn a\n"
"00:00:01.000000          CLOSED |\n"
"                       SYN-SENT |------- SYN seq 0 --------.\n"
" 0.012500 +12.5 ms SYN-RECEIVED |<-------------------------'\n"
"                                |-- SYN+ACK seq 0 ack 1 ---.\n"
" 0.015300 +2.80 ms  ESTABLISHED |<-------------------------'\n"
"                                | handshake 15.3 ms\n"
"                                |    5 B to itself in 672 ms\n"
"                                |==========================\n"
" 0.688000  +672 ms   FIN-WAIT-1 |-- FIN+ACK seq 6 ack 6 ---.\n"
" 0.690000 +2.00 ms      CLOSING |<-------------------------'\n"
"                                |---- ACK seq 7 ack 7 -----.\n"
" 0.691000 +1.00 ms    TIME-WAIT |<-------------------------'\n"
"                                | lived 691 ms\n"
" 2.191000  +1.50 s              | TIME-WAIT for 1.50 s now\n";

static const char self_narrow[] =
"   10.0.0.1:40001\n"
" connected to itself\n"
"     cu<r&l[209]\n"
"       conn a\n"
"00:00:01.000000\n"
"          | CLOSED\n"
"          |------ SYN seq 0 ------.\n"
"          | SYN-SENT              |\n"
" 0.012500 |<----------------------'\n"
"          | SYN-RECEIVED\n"
"          |- SYN+ACK seq 0 ack 1 -.\n"
" 0.015300 |<----------------------'\n"
"          | ESTABLISHED\n"
"          | handshake 15.3 ms\n"
"          |  5 B to itself in 672 ms\n"
"          |=======================\n"
" 0.688000 |- FIN+ACK seq 6 ack 6 -.\n"
"          | FIN-WAIT-1            |\n"
" 0.690000 |<----------------------'\n"
"          | CLOSING\n"
"          |--- ACK seq 7 ack 7 ---.\n"
" 0.691000 |<----------------------'\n"
"          | TIME-WAIT\n"
"          | lived 691 ms\n"
" 2.191000 | TIME-WAIT for 1.50 s now\n";

static const char met_drawn[] =
"                           10.0.0.1:40001                   10.0.0.2:443\n"
"                         not seen from here               process not known\n"
"                                                               conn b\n"
"00:00:01.000000                   :                               | LISTEN\n"
"                       (SYN-SENT) :.......... SYN seq 0 --------->| SYN-RECEIVED\n"
"                                  :                SYN queue 1/64 |\n"
"                                  :<.... SYN+ACK seq 0 ack 1 -----|\n"
" 0.000760  +760 us  (ESTABLISHED) :....... ACK seq 1 ack 1 ------>| ESTABLISHED\n"
"                                  :            accept queue 1/64, |\n"
"                                  :              handshake 760 us |\n"
" 2.000000  +1.99 s                :..... SYN seq 4000700000 ----->|\n"
"                                  :             seq not relative, |\n"
"                                  :            the SYN of another |\n"
"                                  :                   connection, |\n"
"                                  :   answered by a challenge ACK |\n"
"                                  :<..........-- ACK -------------|\n"
" 2.000400  +400 us                :..... SYN seq 4000700000 ----->|\n"
"                                  :             seq not relative, |\n"
"                                  :            the SYN of another |\n"
"                                  :                   connection, |\n"
"                                  :  not answered: challenge ACKs |\n"
"                                  :              are rate-limited |\n"
"                                  :<===== no data in 2.00 s =====>|\n"
" 2.000900  +500 us       (CLOSED) :..... RST+ACK seq 1 ack 1 ---->| CLOSED\n"
" 2.000950 +50.0 us                :                  lived 2.00 s |\n"
": . not seen from here; (STATES) are read from the segments\n";

static const char meets_drawn[] =
"                         10.0.0.1:40001                   10.0.0.2:443\n"
"                           cu<r&l[209]                 not seen from here\n"
"                             conn a\n"
"00:00:01.000000          CLOSED |                               :\n"
"                       SYN-SENT |---------- SYN seq 0 .........>:\n"
" 0.000400  +400 us              |<---- ACK ack 4000300000 ......:\n"
"                                | ack not relative              :\n"
"                                |----- RST seq 4000300000 .....>:\n"
"                                | seq not relative,             :\n"
"                                | the ACK is of an older        :\n"
"                                | connection                    :\n"
" 0.009000 +8.60 ms              |---------- SYN seq 0 .......>>>:\n"
"                                | resend 1                      :\n"
" 0.009900  +900 us  ESTABLISHED |<---- SYN+ACK seq 0 ack 1 .....: (SYN-RECEIVED)\n"
"                                | handshake 9.90 ms             :\n"
"                                |------- ACK seq 1 ack 1 ......>:\n"
"                                |< bytes not known in 10.1 ms =>:\n"
" 0.020000 +10.1 ms   FIN-WAIT-1 |----- FIN+ACK seq 1 ack 1 ....>:\n"
" 1.520000  +1.50 s              | FIN-WAIT-1 for 1.50 s now     :\n"
": . not seen from here; (STATES) are read from the segments\n";

static const char met_and_came_drawn[] =
"                         10.0.0.1:40001                     10.0.0.2:443\n"
"                           cu<r&l[209]                    process not known\n"
"                             conn a                            conn b\n"
"00:00:01.000000          CLOSED |                                 | LISTEN\n"
"                       SYN-SENT |----------- SYN seq 0 ..........>|\n"
" 0.000400  +400 us              |<----- ACK ack 4000300000 -------|\n"
"                                | ack not relative                |\n"
"                                |------ RST seq 4000300000 ......>|\n"
"                                | seq not relative,               |\n"
"                                | the ACK is of an older          |\n"
"                                | connection                      |\n"
" 0.009000 +8.60 ms              |-------- SYN seq 0 ---------.    |\n"
"                                | resend 1                   |    |\n"
" 0.009100  +100 us              |                            '->>>| SYN-RECEIVED\n"
"                                |                  SYN queue 1/64 |\n"
" 0.009900  +800 us  ESTABLISHED |<----- SYN+ACK seq 0 ack 1 ------|\n"
"                                | handshake 9.90 ms               |\n"
" 0.010000  +100 us              |-------- ACK seq 1 ack 1 ------->| ESTABLISHED\n"
"                                |              accept queue 1/64, |\n"
"                                |               handshake 10.0 ms |\n"
" 1.510000  +1.50 s              |<===== open for 1.50 s now =====>|\n"
": . not seen from here\n";

static const char put_back_drawn[] =
"                         10.0.0.1:40001                   10.0.0.2:443\n"
"                        process not known              not seen from here\n"
"                             conn a\n"
"00:00:01.000000          CLOSED |                               :\n"
"                    ESTABLISHED | restored with TCP_REPAIR: no  :\n"
"                                | handshake                     :\n"
"                                |< bytes not known in 20.0 ms =>:\n"
"                                | FIN+ACK seq 4000000001 ack 18 :\n"
" 0.020000 +20.0 ms   FIN-WAIT-1 |--------------------..........>:\n"
"                                | seq and ack not relative      :\n"
" 1.520000  +1.50 s              | FIN-WAIT-1 for 1.50 s now     :\n"
": . not seen from here\n";

static const char moved_drawn[] =
"                         10.0.0.1:40001                     10.0.0.2:443\n"
"                           again[211]                        nginx[209]\n"
"                             conn c                            conn b\n"
"00:00:01.000000          CLOSED |                                 | LISTEN\n"
"                       SYN-SENT |-------- SYN seq 0 ---------.    |\n"
" 0.000090 +90.0 us              |                            '--->| SYN-RECEIVED\n"
"                                |                  SYN queue 1/64 |\n"
" 0.000140 +50.0 us  ESTABLISHED |<----- SYN+ACK seq 0 ack 1 ------|\n"
"                                | handshake 140 us                |\n"
" 0.000190 +50.0 us              |-------- ACK seq 1 ack 1 ------->| ESTABLISHED\n"
"                                |              accept queue 1/64, |\n"
"                                |                handshake 190 us |\n"
" 0.001190 +1.00 ms              |         accept() by nginx[209], |\n"
"                                |                  waited 1.00 ms |\n"
"                                |<= -> 37 B  <- 23 B in 4.81 ms =>|\n"
" 0.005000 +3.81 ms       CLOSED | taken out with TCP_REPAIR,      |\n"
"                                | lived 5.00 ms                   |\n"
" 0.009000 +4.00 ms  ESTABLISHED | restored with TCP_REPAIR: no    |\n"
"                                | handshake                       |\n"
"                                |<== -> 5 B  <- 0 B in 11.0 ms ==>|\n"
" 0.020000 +11.0 ms   FIN-WAIT-1 |-- FIN+ACK seq 43 ack 24 ---.    |\n"
" 0.020030 +30.0 us              |                            '--->| CLOSE-WAIT\n"
" 0.020060 +30.0 us   FIN-WAIT-2 |<------ ACK seq 24 ack 44 -------|\n"
" 0.021000  +940 us              |    .-- FIN+ACK seq 24 ack 44 ---| LAST-ACK\n"
" 0.021030 +30.0 us    TIME-WAIT |<---'                            |\n"
"                                |---- ACK seq 44 ack 25 -----.    |\n"
"                                | lived 12.0 ms              |    |\n"
" 0.021060 +30.0 us              |                            '--->| CLOSED\n"
"                                |                   lived 20.9 ms |\n"
" 1.521060  +1.50 s              | TIME-WAIT for 1.50 s now        |\n";

#endif /* DRAWINGS_H */
