/* The server's end of krb5_sendauth, by the library itself, in front of POP3 servers:
 *
 *     recvauth alice=4711 bob=4712
 *
 * listens on a free port of 127.0.0.1 and prints it. Whoever shows a ticket is led on to the port
 * that stands behind the first part of its owner's name; for others, and where recvauth fails, it
 * says so in a line and hangs up, as MIT's popper does. Keys, realm and replay cache are those of
 * the environment. It ends when its standard input does. */

#include <arpa/inet.h>
#include <krb5.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in local(int port)
{
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void refuse(int client, const char *why)
{
    char line[1024];
    int length = snprintf(line, sizeof line, "-ERR recvauth failed--%s\r\n", why);
    if (write(client, line, length) < 0)
        perror("write");
    exit(0);
}

/* Carries what one says to the other; tells whether there may be more. */
static int carry(int from, int to)
{
    char piece[16384];
    ssize_t length = read(from, piece, sizeof piece), written = 0, more;
    for (; written < length; written += more)
        if ((more = write(to, piece + written, length - written)) < 0)
            return 0;
    return length > 0;
}

static void relay(int client, int port)
{
    struct sockaddr_in address = local(port);
    int server = socket(AF_INET, SOCK_STREAM, 0);
    struct pollfd both[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    if (connect(server, (struct sockaddr *)&address, sizeof address) < 0)
        refuse(client, "no server");
    while (poll(both, 2, -1) > 0) {
        /* What the server says last comes before its end. */
        if (both[1].revents && !carry(server, client))
            break;
        if (both[0].revents && !carry(client, server))
            break;
    }
    shutdown(client, SHUT_WR);
    exit(0);
}

static void serve(int client, char **owners)
{
    krb5_context context;
    krb5_auth_context auth = NULL;
    krb5_ticket *ticket = NULL;
    krb5_principal service, owner;
    krb5_error_code code;
    if ((code = krb5_init_context(&context)))
        refuse(client, "no context");
    if ((code = krb5_sname_to_principal(context, "localhost", "pop", KRB5_NT_SRV_HST, &service)))
        refuse(client, krb5_get_error_message(context, code));
    if ((code = krb5_recvauth(context, &auth, &client, "KPOPV1.0", service, 0, NULL, &ticket)))
        refuse(client, krb5_get_error_message(context, code));
    owner = ticket->enc_part2->client;
    for (; *owners; owners++) {
        char *port = strchr(*owners, '=');
        size_t length = port - *owners;
        if (length == owner->data[0].length && !memcmp(*owners, owner->data[0].data, length))
            relay(client, atoi(port + 1));
    }
    refuse(client, "nobody of that name");
}

int main(int count, char **arguments)
{
    struct sockaddr_in address = local(0);
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), client;
    struct pollfd both[2] = {{listener, POLLIN, 0}, {0, POLLIN, 0}};
    (void)count;
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 16) < 0
        || getsockname(listener, (struct sockaddr *)&address, &length) < 0) {
        perror("recvauth");
        return 1;
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    while (poll(both, 2, -1) > 0 && !both[1].revents) {
        if ((client = accept(listener, NULL, NULL)) < 0)
            continue;
        if (fork() == 0) {
            close(listener);
            serve(client, arguments + 1);
        }
        close(client);
    }
    return 0;
}
