import { t } from "../words/words.svelte";
import { globe, mail, messageCircle, messageCircleMore, messageSquare, messagesSquare, phone, send, smartphone } from "../parts/shapes";

const SHAPES: Record<string, string> = { webchat: globe, email: mail, sms: messageSquare, telegram: send, whatsapp: messageCircleMore, viber: messagesSquare, gateway: smartphone, telephony: phone, voice: phone, asterisk: phone };
const NAMES: Record<string, string> = { sms: "SMS", telegram: "Telegram", whatsapp: "WhatsApp", viber: "Viber", gateway: "SMS", voice: "Twilio", asterisk: "Asterisk" };

/** The picture of a channel; a general one for kinds the console does not know. */
export function shapeOf(channel: string): string {
  return SHAPES[channel] ?? messageCircle;
}

/** What a channel is called: by its proper name, else in the language shown. */
export function nameOf(channel: string): string {
  if (channel === "webchat" || channel === "email") return t(`channel.${channel}`);
  return NAMES[channel] ?? channel;
}
