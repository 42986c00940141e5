import { control } from "../../../../../app.ts";

export const POST = ({ request }: { request: Request }): Promise<Response> => control(request);
